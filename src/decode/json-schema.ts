import type { ReferencedSchema, ValueKind } from './schema-codec.ts'

/** Most steps taken within one schema, so that references in a circle end. */
const STEPS_MAX = 1_000

type Schema = Readonly<Record<string, unknown>>

const KINDS: Readonly<Record<string, ValueKind>> = {
  string: 'string',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  null: 'null',
  object: 'compound',
  array: 'compound',
}

/**
 * What a JSON Schema says of the value at a path. It is asked once a schema, and for what it rules out
 * only: keywords that are not followed leave open what a value may be. Patterns are never run.
 */
export class JsonSchemaPaths {
  readonly #root: unknown
  readonly #byName = new Map<string, unknown>()
  #steps = 0

  /** @throws Error when a schema is no JSON Schema */
  constructor(schema: string, references: readonly ReferencedSchema[]) {
    this.#root = parseSchema(schema)
    for (const { name, schema: text } of references) {
      const parsed = parseSchema(text)
      this.#byName.set(name, parsed)
      const id = isSchema(parsed) ? parsed['$id'] : undefined
      if (typeof id === 'string') this.#byName.set(id, parsed)
    }
  }

  /** The name that the schema gives itself. */
  get title(): string | undefined {
    const title = isSchema(this.#root) ? this.#root['title'] : undefined
    return typeof title === 'string' ? title : undefined
  }

  /** The kinds that a value at the path may have; none: the schema rules the path out. */
  kindsAt(path: string): ReadonlySet<ValueKind> {
    this.#steps = 0
    return this.#kinds({ schema: this.#root, document: this.#root }, path.split('.'))
  }

  #kinds({ schema, document }: Place, path: readonly string[]): ReadonlySet<ValueKind> {
    this.#steps += 1
    if (schema === false) return new Set()
    if (!isSchema(schema) || this.#steps > STEPS_MAX) return new Set(['any'])
    const { $ref: reference } = schema
    const found = typeof reference === 'string' ? this.#follow(reference, document) : undefined
    // Up to draft 07 what stands beside a reference does not count; the draft is 07 where none is named.
    if (found !== undefined && !LATER_DRAFT.test(draftOf(document))) return this.#kinds(found, path)
    const own = this.#ownKinds({ schema, document }, path)
    const all = [
      own,
      ...(found === undefined ? [] : [this.#kinds(found, path)]),
      ...listOf(schema['allOf']).map((each) => this.#kinds({ schema: each, document }, path)),
      ...['anyOf', 'oneOf'].flatMap((name) => {
        const branches = listOf(schema[name])
        if (branches.length === 0) return []
        const kinds = branches.map((each) => this.#kinds({ schema: each, document }, path))
        return [new Set(kinds.flatMap((each) => [...each]))]
      }),
    ]
    return all.reduce(intersect)
  }

  #ownKinds({ schema, document }: Place, path: readonly string[]): ReadonlySet<ValueKind> {
    const types = typesOf(schema)
    const [name, ...rest] = path
    if (name === undefined) {
      return types === undefined
        ? new Set(['any'])
        : new Set(types.map((type) => KINDS[type] ?? 'any'))
    }
    const within = this.#within({ schema, document }, name, rest)
    if (types === undefined) return within
    const isObjectType = types.includes('object')
    const kinds = new Set(isObjectType ? within : [])
    // What is within null is null.
    if (types.includes('null')) kinds.add('null')
    return kinds
  }

  #within({ schema, document }: Place, name: string, rest: readonly string[]) {
    const properties = isSchema(schema) ? schema['properties'] : undefined
    const others = isSchema(schema) ? schema['additionalProperties'] : undefined
    const isOpen = isSchema(schema) && isSchema(schema['patternProperties'])
    if (isSchema(properties) && Object.hasOwn(properties, name)) {
      const kinds = new Set(this.#kinds({ schema: properties[name], document }, rest))
      const required = isSchema(schema) ? listOf(schema['required']) : []
      if (kinds.size > 0 && !required.includes(name)) kinds.add('absent')
      return kinds
    }
    if (isOpen || others === undefined) return new Set<ValueKind>(['any'])
    return new Set(this.#kinds({ schema: others, document }, rest))
  }

  #follow(reference: string, document: unknown): Place | undefined {
    const [name = '', pointer = ''] = reference.split('#')
    const target = name === '' ? document : this.#byName.get(name)
    let schema = target
    for (const part of pointer.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      schema = isSchema(schema) && Object.hasOwn(schema, key) ? schema[key] : undefined
    }
    return schema === undefined ? undefined : { schema, document: target }
  }
}

interface Place {
  readonly schema: unknown
  /** The whole that local references point into. */
  readonly document: unknown
}

const LATER_DRAFT = /json-schema\.org\/draft\/20\d\d-/

function draftOf(document: unknown): string {
  const draft = isSchema(document) ? document['$schema'] : undefined
  return typeof draft === 'string' ? draft : ''
}

function parseSchema(text: string): unknown {
  const parsed: unknown = JSON.parse(text)
  if (isSchema(parsed) || typeof parsed === 'boolean') return parsed
  throw new Error('it must be an object, true or false')
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function typesOf(schema: unknown): readonly string[] | undefined {
  const type = isSchema(schema) ? schema['type'] : undefined
  if (typeof type === 'string') return [type]
  const types = listOf(type).filter((each) => typeof each === 'string')
  return types.length === 0 ? undefined : types
}

/** What both allow; `any` allows all, and an integer is a number too. */
function intersect(
  one: ReadonlySet<ValueKind>,
  other: ReadonlySet<ValueKind>,
): ReadonlySet<ValueKind> {
  if (one.has('any')) return other
  if (other.has('any')) return one
  const both = [...one].filter((kind) => other.has(kind))
  const isWhole = (a: ReadonlySet<ValueKind>, b: ReadonlySet<ValueKind>): boolean =>
    a.has('integer') && b.has('number')
  return new Set(isWhole(one, other) || isWhole(other, one) ? [...both, 'integer' as const] : both)
}
