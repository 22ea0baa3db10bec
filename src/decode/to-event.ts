import { isUtf8 } from 'node:buffer'
import type { EventMapping } from '../domain/model-spec.ts'
import type { FieldValue } from '../domain/event.ts'
import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { InputRecord } from '../domain/record.ts'
import type { Decoded, RawField } from './port.ts'
import type { NeededField } from './schema-codec.ts'
import { FIELD_RULES, NAME_LENGTH_MAX, nameOf, NAME_RULE, show } from './field-rules.ts'
import { TIME_RULES } from './time-rules.ts'

/**
 * Makes an event of a record's raw values.
 *
 * @param raw one value per needed field, in order; `undefined` = absent; not kept
 */
export type ToEvent = (
  raw: readonly unknown[],
  record: InputRecord,
) => Exclude<Decoded['result'], { kind: 'skipped' }>

/** The fields a mapping reads, each once; raw values are given in this order. */
export function neededFields(mapping: EventMapping): readonly NeededField[] {
  const required = new Map<string, boolean>()
  for (const field of mapping.fields) required.set(field.name, !field.optional)
  if (mapping.key.from === 'field') required.set(mapping.key.field, true)
  if (mapping.time.from === 'field') required.set(mapping.time.field, true)
  if (mapping.id.from === 'field') required.set(mapping.id.field, true)
  return [...required].map(([name, isRequired]) => ({ name, isRequired }))
}

/** Raw values with the names of their fields; absent ones left out. */
export function rawFieldsOf(names: readonly string[], raw: readonly unknown[]): RawField[] {
  return names.flatMap((name, slot) =>
    raw[slot] === undefined ? [] : [{ name, value: raw[slot] }],
  )
}

/**
 * Compiles a mapping. Per record the compiled function allocates the event, its values and its
 * texts, nothing else; anything that does not fit the mapping is an `invalid-event` dead letter, or, where
 * the record's own key must match, a `key-mismatch`.
 */
export function compileToEvent(mapping: EventMapping): ToEvent {
  const slots = new Map(neededFields(mapping).map((field, slot) => [field.name, slot]))
  const keyOf = compileKey(mapping, slots)
  const timeOf = compileTime(mapping, slots)
  const idOf = compileId(mapping, slots)
  const valuesOf = compileValues(mapping, slots)
  return (raw, record) => {
    const key = keyOf(raw, record)
    if (typeof key !== 'string') return key
    const timeMs = timeOf(raw, record)
    if (typeof timeMs !== 'number') return timeMs
    const id = idOf(raw, record)
    if (typeof id !== 'string') return id
    const values = valuesOf(raw)
    if (!isValues(values)) return values
    return { kind: 'event', event: { key, timeMs, id, values } }
  }
}

type Part<Value> = (raw: readonly unknown[], record: InputRecord) => Value | DeadLetter
type Slots = ReadonlyMap<string, number>

function compileKey({ key }: EventMapping, slots: Slots): Part<string> {
  if (key.from === 'record-key') return (_raw, record) => recordKey(record.key)
  const keyOf = compileName(key.field, slots)
  if (key.matchesRecordKey !== true) return keyOf
  return (raw, record) => {
    const name = keyOf(raw, record)
    if (typeof name !== 'string' || recordKey(record.key) === name) return name
    const found = record.key === null ? 'none' : show(record.key.toString())
    const rule = `must be that of field "${key.field}", ${show(name)}`
    return deadLetter('key-mismatch', 'decode', `record key ${rule}, got ${found}`)
  }
}

function compileId({ id }: EventMapping, slots: Slots): Part<string> {
  if (id.from === 'coordinates') {
    return (_raw, { topic, partition, offset }) => `${topic}-${partition}-${offset}`
  }
  return compileName(id.field, slots)
}

function compileName(field: string, slots: Slots): Part<string> {
  const slot = slots.get(field) ?? 0
  return (raw) => nameOf(raw[slot]) ?? refuse(field, NAME_RULE, raw[slot])
}

function recordKey(bytes: Buffer | null): string | DeadLetter {
  if (bytes === null || bytes.length === 0) return invalid('record key must not be empty')
  if (bytes.length > NAME_LENGTH_MAX) {
    return invalid(`record key must have at most ${NAME_LENGTH_MAX} bytes, got ${bytes.length}`)
  }
  const key = bytes.toString('utf8')
  // Damaged bytes all become U+FFFD, so two different keys could be taken for one.
  if (key.includes('\uFFFD') && !isUtf8(bytes)) return invalid('record key must be UTF-8')
  return key
}

function compileTime({ time }: EventMapping, slots: Slots): Part<number> {
  if (time.from === 'record-timestamp') {
    return (_raw, { timestamp }) =>
      TIME_RULES.ms.parse(timestamp) ??
      invalid(`record timestamp must be ${TIME_RULES.ms.rule}, got ${show(timestamp)}`)
  }
  const slot = slots.get(time.field) ?? 0
  const { parse, rule } = TIME_RULES[time.unit]
  return (raw) => parse(raw[slot]) ?? refuse(time.field, rule, raw[slot])
}

function compileValues({ fields }: EventMapping, slots: Slots) {
  const rules = fields.map(({ name, type, optional }) => ({
    name,
    optional,
    slot: slots.get(name) ?? 0,
    ...FIELD_RULES[type],
  }))
  return (raw: readonly unknown[]): FieldValue[] | DeadLetter => {
    const values: FieldValue[] = []
    for (const { name, optional, slot, parse, rule } of rules) {
      const given = raw[slot]
      const value = optional && (given === null || given === undefined) ? null : parse(given)
      if (value === undefined) return refuse(name, rule, given)
      values.push(value)
    }
    return values
  }
}

function isValues(values: FieldValue[] | DeadLetter): values is FieldValue[] {
  return Array.isArray(values)
}

function refuse(field: string, rule: string, got: unknown): DeadLetter {
  if (got === undefined) return invalid(`field "${field}" must be ${rule}, but it is missing`)
  return invalid(`field "${field}" must be ${rule}, got ${show(got)}`)
}

function invalid(detail: string): DeadLetter {
  return deadLetter('invalid-event', 'decode', detail)
}
