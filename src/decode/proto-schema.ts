import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor/index.js'
import { readableProto } from './proto-statements.ts'
import { protoText } from './proto-text.ts'
import type { ReferencedSchema } from './schema-codec.ts'

/** Some clients register a file descriptor in base64 in place of the text. */
const BASE64 = /^[A-Za-z0-9+/]{8,}={0,2}\s*$/

const WELL_KNOWN = ['timestamp', 'wrappers', 'duration', 'struct', 'any', 'empty', 'field_mask']

/**
 * Parses a Protobuf schema. What it imports is parsed too, as far as it is given or one of the
 * well-known types; a type that stays unknown matters only where a wanted path leads through it.
 *
 * @returns the messages at the top of the schema itself, in the order that message indexes count them
 * @throws Error when it is no Protobuf schema
 */
export function parseProto(
  schema: string,
  imports: readonly ReferencedSchema[],
): readonly protobuf.Type[] {
  const root = new protobuf.Root()
  const messages = messagesIn(addFile(root, schema))
  for (const text of new Set(imports.map((each) => each.schema))) addFile(root, text)
  for (const name of WELL_KNOWN) {
    const path = `google/protobuf/${name}.proto`
    const isGiven = imports.some((imported) => imported.name === path)
    const known = protobuf.common.get(path)
    if (!isGiven && known !== null) root.addJSON(known.nested ?? {})
  }
  try {
    root.resolveAll()
  } catch {
    // Features are resolved before types, and an unknown type is told where a path meets it.
  }
  if (messages.length === 0) throw new Error('it must declare a message')
  return messages
}

/** The messages declared right within, as message indexes count them. */
export function messagesIn(space: protobuf.NamespaceBase): readonly protobuf.Type[] {
  return space.nestedArray.filter(
    (each): each is protobuf.Type => each instanceof protobuf.Type && !isGroup(each),
  )
}

/** Whether it is a proto2 group, which is message and field in one. */
export function isGroup(type: protobuf.Type): boolean {
  return 'group' in type && type.group === true
}

/** @returns the namespace that the file's messages are in */
function addFile(root: protobuf.Root, schema: string): protobuf.NamespaceBase {
  const text = BASE64.test(schema) ? descriptorText(schema) : readableProto(schema)
  const { package: name } = protobuf.parse(text, root, { keepCase: true })
  return name === undefined ? root : root.define(name)
}

function descriptorText(base64: string): string {
  const { FileDescriptorProto } = descriptor
  const message = FileDescriptorProto.decode(Buffer.from(base64, 'base64'))
  return protoText(FileDescriptorProto.toObject(message, { enums: String }))
}
