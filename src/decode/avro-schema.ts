import avro from 'avsc'
import type { Schema, Type } from 'avsc'
import { LOGICAL_TYPES } from './avro-logical.ts'
import type { ReferencedSchema } from './schema-codec.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * Parses an Avro schema, and what it refers to before it.
 *
 * @param references schemas the schema refers to, each after those it refers to itself
 * @throws Error when one of them is no Avro schema
 */
export function parseAvro(schema: string, references: readonly ReferencedSchema[]): Type {
  const registry = {}
  const known = new Map<string, string>()
  const parse = (text: string): Type => {
    const readable = new Readable(known)
    const parsed = readable.within(JSON.parse(text), '')
    readable.settle()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that it is a schema is what avsc checks
    const given = parsed as Schema
    return avro.Type.forSchema(given, {
      registry,
      wrapUnions: 'always',
      logicalTypes: LOGICAL_TYPES,
    })
  }
  for (const text of new Set(references.map((each) => each.schema))) parse(text)
  return parse(schema)
}

/**
 * A schema as far as reading needs it, so that `avsc` refuses none that is good: without defaults (it takes no long
 * beyond 2^53, and none of another branch of a union than the first, as Avro 1.12 does), and with the name of a type
 * in place of its definition where an earlier schema has the same.
 */
class Readable {
  readonly #known: Map<string, string>
  readonly #own = new Map<string, string>()

  /** @param known definitions by full name */
  constructor(known: Map<string, string>) {
    this.#known = known
  }

  /** Keeps the definitions of this schema for those that follow. */
  settle(): void {
    for (const [name, definition] of this.#own) this.#known.set(name, definition)
  }

  within(schema: unknown, namespace: string): unknown {
    if (Array.isArray(schema)) return schema.map((each) => this.within(each, namespace))
    if (!isObject(schema)) return schema
    const { name, type } = schema
    if (typeof name === 'string' && typeof type === 'string' && NAMED.has(type)) {
      return this.#named(schema, fullName(name, schema['namespace'] ?? namespace))
    }
    return this.#nested(schema, namespace)
  }

  #named(schema: Json, name: string): unknown {
    const { namespace: _, doc: _doc, ...rest } = schema
    const kept = this.#nested(rest, name.slice(0, Math.max(0, name.lastIndexOf('.'))))
    const definition = { ...kept, name }
    const text = JSON.stringify(definition)
    if (this.#known.get(name) === text) return name
    this.#own.set(name, text)
    return definition
  }

  #nested(schema: Json, namespace: string): Json {
    const kept = Object.keys(schema)
      .toSorted()
      .map((key) => {
        const value = schema[key]
        if (key === 'fields' && Array.isArray(value)) {
          return [key, value.map((each) => this.#field(each, namespace))]
        }
        return [key, NESTING.has(key) ? this.within(value, namespace) : value]
      })
    return Object.fromEntries(kept)
  }

  #field(field: unknown, namespace: string): unknown {
    if (!isObject(field)) return field
    const { default: _, doc: _doc, ...kept } = field
    return this.#nested(kept, namespace)
  }
}

const NAMED: ReadonlySet<string> = new Set(['record', 'error', 'enum', 'fixed'])

/** Attributes of a schema that hold a schema. */
const NESTING: ReadonlySet<string> = new Set(['type', 'items', 'values'])

/** A name with its namespace (Avro specification, "Names"): one with a dot is whole. */
function fullName(name: string, namespace: unknown): string {
  return name.includes('.') || typeof namespace !== 'string' || namespace === ''
    ? name
    : `${namespace}.${name}`
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
