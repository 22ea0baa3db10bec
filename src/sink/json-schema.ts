import type { AvroField, AvroRecord, AvroType } from './output-schemas.ts'

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  double: 'number',
  float: 'number',
  int: 'integer',
  long: 'integer',
}

/**
 * The JSON Schema of a record. It is closed, so that the registry takes one more field for a
 * compatible change; a double may be null, since JSON has no NaN and no infinity.
 */
export function jsonSchemaOf({ name, namespace, doc, fields }: AvroRecord): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${namespace}.${name}`,
    description: doc,
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, property(field)])),
    required: fields.filter(({ type }) => !isNullable(type)).map((field) => field.name),
    additionalProperties: false,
  }
}

function property({ type, doc }: AvroField): object {
  const isTime = typeof type !== 'string' && JSON.stringify(type).includes('timestamp-millis')
  const said = [...(doc === undefined ? [] : [doc]), ...(isTime ? ['Ms since the epoch.'] : [])]
  return { ...typeOf(type), ...(said.length === 0 ? {} : { description: said.join(' ') }) }
}

interface JsonType {
  readonly type: string | readonly string[]
  readonly enum?: readonly string[]
  readonly items?: JsonType
}

function typeOf(type: AvroType): JsonType {
  if (typeof type === 'string') {
    const name = TYPES[type] ?? type
    return { type: name === 'number' ? [name, 'null'] : name }
  }
  if ('symbols' in type) return { type: 'string', enum: type.symbols }
  if ('type' in type) {
    if (type.items === undefined) return typeOf(type.type)
    return { type: 'array', items: typeOf(type.items) }
  }
  const [, present = 'string'] = type
  const { type: names, ...rest } = typeOf(present)
  return { type: [...new Set([names, 'null'].flat())], ...rest }
}

function isNullable(type: AvroType): boolean {
  return Array.isArray(type)
}
