import type { Condition, EventField, EventMapping, FeatureSpec } from '../domain/model-spec.ts'
import { formatDuration, parseDurationMs, parseUtcOffsetMs } from './duration.ts'
import { suggestion } from '../domain/nearest.ts'
import {
  AVRO_NAME,
  DISTINCT_MAX_DEFAULT,
  type EventDeclaration,
  type FeatureDeclaration,
  SPEC_BOUNDS,
  type WhereDeclaration,
} from './spec-schema.ts'
import type { YamlPath } from './yaml-text.ts'

/** Takes down what is wrong at a path: the rule broken (`must be …`), and a hint that follows the value. */
export type Report = (path: YamlPath, rule: string, hint?: string) => void

type Fields = readonly EventField[]

/** Tiles of a window when `tile` is left out. */
const TILES_DEFAULT = 60

/** Resolves the `event` part. */
export function resolveEvent(event: EventDeclaration, report: Report): EventMapping {
  const fields = Object.entries(event.fields).map(
    ([name, field]): EventField =>
      typeof field === 'string'
        ? { name, type: field, optional: false }
        : { name, type: field.type, optional: field.optional ?? false },
  )
  if (fields.length > SPEC_BOUNDS.fieldsMax) {
    report(['event', 'fields'], `must have at most ${SPEC_BOUNDS.fieldsMax} fields`)
  }
  const isRecordKey = event.key === '$record_key'
  // Output records name the key as the payload does, without the way to it.
  const keyName = isRecordKey ? 'key' : (event.key.split('.').at(-1) ?? event.key)
  if (!AVRO_NAME.test(keyName)) {
    report(['event', 'key'], 'must be $record_key or a name of letters, digits and _')
  }
  if (!isRecordKey)
    checkMapped(fields, event.key, ['string'], (rule) => report(['event', 'key'], rule))
  const { match_record_key: matchesRecordKey = false } = event
  if (isRecordKey && matchesRecordKey) {
    report(['event', 'match_record_key'], 'must be left out with key: $record_key')
  }
  if (event.id !== undefined) {
    checkMapped(fields, event.id, ['string', 'int', 'long'], (rule) =>
      report(['event', 'id'], rule),
    )
  }
  if (typeof event.time !== 'string') {
    const types = event.time.unit === 'iso8601' ? ['string'] : ['int', 'long', 'double']
    const path = ['event', 'time', 'field']
    checkMapped(fields, event.time.field, types, (rule) => report(path, rule))
  }
  return {
    key: isRecordKey
      ? { from: 'record-key' }
      : { from: 'field', field: event.key, matchesRecordKey },
    keyName,
    time:
      typeof event.time === 'string'
        ? { from: 'record-timestamp' }
        : { from: 'field', field: event.time.field, unit: event.time.unit },
    id: event.id === undefined ? { from: 'coordinates' } : { from: 'field', field: event.id },
    fields,
  }
}

/** A field mapped as key, time or id need not be declared; if it is, it must fit. */
function checkMapped(
  fields: Fields,
  name: string,
  types: readonly string[],
  report: (rule: string) => void,
): void {
  const field = fields.find((candidate) => candidate.name === name)
  if (field === undefined) return
  if (!types.includes(field.type)) {
    report(`must be a field of type ${types.join(' or ')}, not ${field.type}`)
  }
  if (field.optional) report('must be a required field, not an optional one')
}

/** Resolves one entry of `features`; a one-hot becomes a feature per category. */
export function resolveFeature(
  feature: FeatureDeclaration,
  fields: Fields,
  report: Report,
): FeatureSpec[] {
  switch (feature.operation) {
    case 'minute_of_hour':
    case 'hour_of_day':
    case 'day_of_week':
    case 'day_of_month':
    case 'month':
      return [timePart(feature, report)]
    case 'field':
      return [passThrough(feature, fields, report)]
    case 'one_hot':
      return oneHot(feature, fields, report)
    default:
      return [windowFeature(feature, fields, report)]
  }
}

type Declared<Operation> = Extract<FeatureDeclaration, { operation: Operation }>
type TimePartDeclaration = Exclude<
  FeatureDeclaration,
  { window: string } | { input_column: string }
>

function timePart(feature: TimePartDeclaration, report: Report): FeatureSpec {
  const utcOffsetMs = parseUtcOffsetMs(feature.utc_offset ?? '0h') ?? 0
  if (Math.abs(utcOffsetMs) > SPEC_BOUNDS.utcOffsetMaxMs) {
    report(['utc_offset'], `must be at most ${formatDuration(SPEC_BOUNDS.utcOffsetMaxMs)} from UTC`)
  }
  const { name, operation } = feature
  return { kind: 'event', name, operation, type: 'int', nullable: false, utcOffsetMs }
}

function passThrough(feature: Declared<'field'>, fields: Fields, report: Report): FeatureSpec {
  const { name, operation, default: defaultValue } = feature
  const input = inputField(feature.input_column, fields, report)
  if (input.field.type === 'string') {
    report(['input_column'], `must be a number or a boolean, but ${input.field.name} is a string`)
  }
  const type = columnType(input.field)
  checkDefault(type, defaultValue, report)
  const nullable = input.field.optional && defaultValue === undefined
  const fallback = defaultValue === undefined ? {} : { defaultValue }
  return { kind: 'event', name, operation, type, nullable, inputSlot: input.slot, ...fallback }
}

function oneHot(feature: Declared<'one_hot'>, fields: Fields, report: Report): FeatureSpec[] {
  const input = inputField(feature.input_column, fields, report)
  return feature.categories.map((category, index): FeatureSpec => {
    checkValue(input.field, category, (rule) => report(['categories', index], rule))
    const name = `${feature.name}_${String(category).replace(/[^A-Za-z0-9_]/g, '_')}`
    const shape = { kind: 'event', operation: 'one_hot', type: 'int', nullable: false } as const
    return { ...shape, name, inputSlot: input.slot, category }
  })
}

type WindowDeclaration = Extract<FeatureDeclaration, { window: string }>

function windowFeature(feature: WindowDeclaration, fields: Fields, report: Report): FeatureSpec {
  const { name, operation } = feature
  const column = 'input_column' in feature ? feature.input_column : undefined
  const input = column === undefined ? undefined : inputField(column, fields, report)
  const takesAny = operation === 'count' || operation === 'distinct'
  if (input !== undefined && !takesAny && !isNumeric(input.field)) {
    report(['input_column'], `must be a number, but ${input.field.name} is a ${input.field.type}`)
  }
  const defaultValue = 'default' in feature ? feature.default : undefined
  const type = windowType(operation, input?.field)
  checkDefault(type, defaultValue, report)
  return {
    kind: 'window',
    name,
    operation,
    type,
    nullable: defaultValue === undefined && canBeNull(feature, input?.field),
    ...windowSize(feature, report),
    ...(input === undefined ? {} : { inputSlot: input.slot }),
    ...(feature.where === undefined ? {} : { where: condition(feature.where, fields, report) }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(feature.operation === 'distinct'
      ? { distinctMax: feature.distinct_max ?? DISTINCT_MAX_DEFAULT }
      : {}),
  }
}

/** The event itself is in its window, so a required field without a condition always has a value. */
function canBeNull(feature: WindowDeclaration, field: EventField | undefined): boolean {
  if (feature.operation === 'count' || feature.operation === 'distinct') return false
  return field === undefined || field.optional || feature.where !== undefined
}

function windowType(
  operation: WindowDeclaration['operation'],
  field: EventField | undefined,
): FeatureSpec['type'] {
  switch (operation) {
    case 'count':
    case 'distinct':
      return 'int'
    case 'min':
    case 'max':
    case 'last':
    case 'first':
      return field === undefined ? 'double' : columnType(field)
    default:
      return 'double'
  }
}

function windowSize(
  feature: WindowDeclaration,
  report: Report,
): { windowMs: number; tileMs: number } {
  const windowMs = parseDurationMs(feature.window) ?? 0
  if (windowMs <= 0 || windowMs > SPEC_BOUNDS.windowMaxMs) {
    report(
      ['window'],
      `must be longer than 0s and at most ${formatDuration(SPEC_BOUNDS.windowMaxMs)}`,
    )
    return { windowMs: 1, tileMs: 1 }
  }
  if (feature.tile === undefined) return { windowMs, tileMs: defaultTileMs(windowMs) }
  const tileMs = parseDurationMs(feature.tile) ?? 0
  if (tileMs <= 0 || windowMs % tileMs !== 0) {
    report(['tile'], `must divide the window ${feature.window} into whole tiles`)
  } else if (windowMs / tileMs > SPEC_BOUNDS.tilesPerWindowMax) {
    const longEnough = formatDuration(Math.ceil(windowMs / SPEC_BOUNDS.tilesPerWindowMax))
    report(
      ['tile'],
      `must be at least ${longEnough}: a window has at most ${SPEC_BOUNDS.tilesPerWindowMax} tiles`,
    )
  }
  return { windowMs, tileMs: Math.max(tileMs, 1) }
}

/** The shortest tile of at least 1 s and a sixtieth of the window that divides the window. */
function defaultTileMs(windowMs: number): number {
  let tiles = Math.max(1, Math.min(TILES_DEFAULT, Math.floor(windowMs / 1000)))
  while (windowMs % tiles !== 0) tiles--
  return windowMs / tiles
}

const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in'] as const
const ORDERED: ReadonlySet<string> = new Set(['lt', 'le', 'gt', 'ge'])

function condition(where: WhereDeclaration, fields: Fields, report: Report): Condition {
  const inWhere: Report = (path, rule, hint) => report(['where', ...path], rule, hint)
  const input = inputField(where.field, fields, inWhere, 'field')
  const given = COMPARISONS.filter((comparison) => where[comparison] !== undefined)
  const comparison = given[0]
  if (comparison === undefined || given.length > 1) {
    inWhere([], `must have exactly one of ${COMPARISONS.join(', ')}`)
    return { slot: input.slot, comparison: 'eq', values: [] }
  }
  if (ORDERED.has(comparison) && !isNumeric(input.field)) {
    inWhere(['field'], `must be a number to be compared by ${comparison}`)
    return { slot: input.slot, comparison: 'eq', values: [] }
  }
  const bound = where[comparison] ?? []
  const values = Array.isArray(bound) ? bound : [bound]
  values.forEach((value, index) => {
    const path = comparison === 'in' ? [comparison, index] : [comparison]
    checkValue(input.field, value, (rule) => inWhere(path, rule))
  })
  return { slot: input.slot, comparison, values }
}

interface Input {
  readonly slot: number
  readonly field: EventField
}

function inputField(name: string, fields: Fields, report: Report, key = 'input_column'): Input {
  const slot = fields.findIndex((field) => field.name === name)
  const field = fields[slot]
  if (field !== undefined) return { slot, field }
  const names = fields.map((candidate) => candidate.name)
  report([key], 'must be a field declared in event.fields', suggestion(name, names))
  // A stand-in that fits everywhere, so that the one mistake is reported once.
  return { slot: 0, field: { name, type: 'double', optional: false } }
}

function checkValue(
  field: EventField,
  value: string | number | boolean,
  report: (rule: string) => void,
): void {
  const wanted = isNumeric(field) ? 'number' : field.type
  if (typeof value !== wanted) report(`must be a ${wanted}, as ${field.name} is a ${field.type}`)
}

function checkDefault(type: FeatureSpec['type'], value: number | undefined, report: Report): void {
  const isWhole = value === undefined || Number.isSafeInteger(value)
  if (type !== 'double' && !isWhole)
    report(['default'], `must be a whole number for a column of type ${type}`)
}

function isNumeric(field: EventField): boolean {
  return field.type === 'int' || field.type === 'long' || field.type === 'double'
}

function columnType(field: EventField): FeatureSpec['type'] {
  if (field.type === 'long' || field.type === 'double') return field.type
  return 'int'
}
