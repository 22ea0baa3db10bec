import type { ModelSpec } from '../../src/domain/model-spec.ts'
import {
  FOREIGN_STYLES,
  type ForeignHeader,
  type ForeignStyle,
} from '../../src/sink/foreign-headers.ts'
import { HEADERS, REPLAY_HEADERS } from '../../src/sink/headers.ts'
import { type AvroField, type AvroType, outputSchemas } from '../../src/sink/output-schemas.ts'
import { markdownTable } from './markdown.ts'

const ENCODINGS = {
  text: 'UTF-8 text',
  int32: '4 bytes, big endian',
  int64: '8 bytes, big endian',
} as const satisfies Record<ForeignHeader['encoding'], string>

/** The headers of dead letters and late records. */
export function headersTable(): string {
  return markdownTable(
    ['header', 'what it says'],
    Object.entries(HEADERS).map(([name, meaning]) => [`\`${name}\``, meaning]),
  )
}

/** The headers that a replay adds. */
export function replayHeadersTable(): string {
  return markdownTable(
    ['header', 'what it says'],
    Object.entries(REPLAY_HEADERS).map(([name, meaning]) => [`\`${name}\``, meaning]),
  )
}

/** The headers of each other system that `DEAD_LETTER_HEADERS` can add. */
export function stylesTables(): string {
  return Object.entries(FOREIGN_STYLES)
    .map(([style, foreign]: [string, ForeignStyle]) => {
      const { system, repository, commit, path, headers } = foreign
      const rows = headers.map(({ name, encoding, says }) => [
        `\`${name}\``,
        ENCODINGS[encoding],
        says,
      ])
      const table = markdownTable(['header', 'bytes', 'what it says'], rows)
      const source = `[\`${path.split('/').at(-1)}\` at ${commit.slice(0, 10)}](${repository}/blob/${commit}/${path})`
      return `**\`${style}\`**: as ${system} writes them, in ${source}.\n\n${table}`
    })
    .join('\n\n')
}

/** The fields of one output, for a model. */
export function fieldsTable(spec: ModelSpec, topic: 'features' | 'predictions' | 'audit'): string {
  return markdownTable(
    ['field', 'type', 'what it is'],
    outputSchemas(spec)[topic].fields.map(({ name, type, doc = '' }: AvroField) => [
      `\`${name}\``,
      typeName(type),
      doc,
    ]),
  )
}

function typeName(type: AvroType): string {
  if (typeof type === 'string') return type
  if ('symbols' in type) return type.symbols.map((symbol) => `\`${symbol}\``).join(', ')
  if ('type' in type) {
    if (type.items !== undefined) return `array of ${typeName(type.items)}`
    return type.logicalType === undefined ? type.type : `${type.type} (${type.logicalType})`
  }
  const [absent, present] = type
  if (absent === 'null' && present !== undefined) return `${typeName(present)} or null`
  return type.map(typeName).join(' or ')
}
