import { z } from 'zod'
import { DEPTH_MAX } from './bounds.ts'

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,999}$/)
const typeName = z.string().regex(/^[A-Za-z0-9_.]{1,2000}$/)

const fieldShape = z.object({
  name,
  number: z.int(),
  label: z.string().default('LABEL_OPTIONAL'),
  type: z.string(),
  typeName: typeName.optional(),
  defaultValue: z.string().optional(),
  jsonName: z.string().optional(),
  proto3Optional: z.boolean().optional(),
  oneofIndex: z.int().optional(),
})

const enumShape = z.object({
  name,
  value: z.array(z.object({ name, number: z.int().default(0) })).default([]),
})

const messageShape = z.object({
  name,
  field: z.array(fieldShape).default([]),
  nestedType: z.array(z.unknown()).default([]),
  enumType: z.array(enumShape).default([]),
  oneofDecl: z.array(z.object({ name })).default([]),
  options: z.object({ mapEntry: z.boolean().optional() }).optional(),
})

const fileShape = z.object({
  package: typeName.optional(),
  syntax: z.string().regex(/^\w*$/).optional(),
  messageType: z.array(z.unknown()).default([]),
  enumType: z.array(enumShape).default([]),
})

type Field = z.infer<typeof fieldShape>
type Message = z.infer<typeof messageShape>

/**
 * A file descriptor (`google.protobuf.FileDescriptorProto`, as an object) as the text of a `.proto`
 * file, as far as reading values needs it: without imports, options and services.
 *
 * @throws Error when it is no file descriptor
 */
export function protoText(descriptor: unknown): string {
  const file = fileShape.parse(descriptor)
  const isProto3 = file.syntax === 'proto3'
  return [
    `syntax = "${isProto3 ? 'proto3' : 'proto2'}";`,
    ...(file.package === undefined ? [] : [`package ${file.package};`]),
    ...file.messageType.map((each) => messageText(messageShape.parse(each), isProto3, 1)),
    ...file.enumType.map(enumText),
  ].join('\n')
}

function messageText(message: Message, isProto3: boolean, depth: number): string {
  if (depth > DEPTH_MAX) throw new Error(`messages must be at most ${DEPTH_MAX} deep`)
  const nested = message.nestedType.map((each) => messageShape.parse(each))
  const entries = nested.filter(({ options }) => options?.mapEntry === true)
  const within = nested.filter((each) => !entries.includes(each))
  // Groups are passed over as fields nobody knows.
  const fields = message.field.filter(({ type }) => type !== 'TYPE_GROUP')
  const inOneof = ({ oneofIndex, proto3Optional }: Field): boolean =>
    oneofIndex !== undefined && proto3Optional !== true
  return [
    `message ${message.name} {`,
    ...within.map((each) => messageText(each, isProto3, depth + 1)),
    ...message.enumType.map(enumText),
    ...message.oneofDecl.flatMap((oneof, index) => {
      const members = fields.filter((field) => inOneof(field) && field.oneofIndex === index)
      const texts = members.map((field) => fieldText(field, '', entries))
      return members.length === 0 ? [] : [`oneof ${oneof.name} {`, ...texts, '}']
    }),
    ...fields
      .filter((field) => !inOneof(field))
      .map((field) => fieldText(field, labelOf(field, isProto3), entries)),
    '}',
  ].join('\n')
}

function labelOf({ label, proto3Optional }: Field, isProto3: boolean): string {
  if (label === 'LABEL_REPEATED') return 'repeated '
  return !isProto3 || proto3Optional === true ? 'optional ' : ''
}

function fieldText(field: Field, label: string, entries: readonly Message[]): string {
  const entry = entries.find((each) => field.typeName?.endsWith(`.${each.name}`) === true)
  if (entry !== undefined) {
    const [key, value] = entry.field
    if (key === undefined || value === undefined) throw new Error('a map must have key and value')
    return `map<${typeText(key)}, ${typeText(value)}> ${field.name} = ${field.number};`
  }
  const options = [
    ...(field.defaultValue === undefined ? [] : [`default = ${defaultText(field)}`]),
    ...(field.jsonName === undefined ? [] : [`json_name = ${JSON.stringify(field.jsonName)}`]),
  ]
  const said = options.length === 0 ? '' : ` [${options.join(', ')}]`
  return `${label}${typeText(field)} ${field.name} = ${field.number}${said};`
}

function typeText({ type, typeName: named }: Field): string {
  return named ?? type.replace(/^TYPE_/, '').toLowerCase()
}

function defaultText({ type, defaultValue = '' }: Field): string {
  return type === 'TYPE_STRING' || type === 'TYPE_BYTES'
    ? JSON.stringify(defaultValue)
    : defaultValue
}

function enumText({ name: named, value }: z.infer<typeof enumShape>): string {
  const values = value.map((each) => `${each.name} = ${each.number};`)
  return [`enum ${named} {`, 'option allow_alias = true;', ...values, '}'].join('\n')
}
