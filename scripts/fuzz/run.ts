import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import type { Decoded } from '../../src/decode/port.ts'
import type { Event } from '../../src/domain/event.ts'
import { DEAD_LETTER_REASONS } from '../../src/domain/outcome.ts'
import type { Header, InputRecord } from '../../src/domain/record.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { Random } from '../../test/simulation/random.ts'
import { bomb } from './bombs.ts'
import { FUZZ_MAPPING, fuzzFormats, randomEvent } from './formats.ts'
import type { FuzzEvent, FuzzFormat } from './formats.ts'
import { mutate, noise } from './mutations.ts'

/** Longest time a record may take, ms. */
const RECORD_MS_MAX = 100
const DETAIL_LENGTH_MAX = 500
const BATCH = 100
const KEY_LENGTH_MAX = 4096

/** A case that does not hold. */
export interface Finding {
  readonly seed: number
  readonly format: string
  readonly problem: string
  /** Hexadecimal; cut. */
  readonly value: string
}

export interface FuzzResult {
  readonly cases: number
  /** How often each fate came, by `format fate`. */
  readonly fates: ReadonlyMap<string, number>
  readonly findings: readonly Finding[]
  /** The slowest record of the slow batches, CPU ms. */
  readonly slowestMs: number
}

interface Case {
  readonly seed: number
  readonly format: FuzzFormat
  readonly record: InputRecord
  /** What a sound value says, so that it must become; `undefined`: it may be anything. */
  readonly sound: FuzzEvent | undefined
}

/**
 * Decodes records that were made to do harm: valid ones with changed bytes, bombs and noise, in every
 * format, mixed. Each must have exactly one fate, in time, the same when it is decoded again.
 *
 * @param first seed of the first case; the others follow
 * @param onBatch called with the first seed of each batch before it is decoded
 */
export async function fuzz(
  first: number,
  cases: number,
  onBatch: (seed: number) => void = () => undefined,
): Promise<FuzzResult> {
  const formats = fuzzFormats()
  const decoder = new RegistryDecoder({
    client: clientOf(formats),
    mapping: FUZZ_MAPPING,
    clock: systemClock,
  })
  const fates = new Map<string, number>()
  const findings: Finding[] = []
  let slowestMs = 0
  for (let from = first; from < first + cases; from += BATCH) {
    const seeds = Math.min(BATCH, first + cases - from)
    const batch = Array.from({ length: seeds }, (_, index) => caseOf(from + index, formats))
    const records = batch.map(({ record }) => record)
    onBatch(from)
    const startedAt = performance.now()
    const decoded = await decoder.decode(records)
    const isSlow = performance.now() - startedAt > RECORD_MS_MAX / 2
    const again = await decoder.decode(records)
    for (const [index, each] of batch.entries()) {
      const { record, seed, format } = each
      const value = (record.value ?? Buffer.alloc(0)).subarray(0, 200).toString('hex')
      const tell = (problem: string): void => {
        findings.push({ seed, format: format.name, problem, value })
      }
      const fate = fateOf(each, decoded[index], again[index], tell)
      fates.set(`${format.name} ${fate}`, (fates.get(`${format.name} ${fate}`) ?? 0) + 1)
      const tookMs = isSlow ? await timeOf(decoder, record) : 0
      slowestMs = Math.max(slowestMs, tookMs)
      if (tookMs > RECORD_MS_MAX) tell(`it took ${Math.round(tookMs)} ms`)
    }
    if (decoded.length !== batch.length) throw new Error(`${decoded.length} of ${batch.length}`)
  }
  return { cases, fates, findings, slowestMs }
}

/** CPU time of one decode, ms: the least of some, since the machine may be busy with something else. */
async function timeOf(decoder: RegistryDecoder, record: InputRecord): Promise<number> {
  let leastMs = Infinity
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const from = process.cpuUsage()
    await decoder.decode([record])
    const { user, system } = process.cpuUsage(from)
    leastMs = Math.min(leastMs, (user + system) / 1000)
  }
  return leastMs
}

/** Ms since the epoch. */
const TIMES_THAT_ARE_NONE = [-1, -86_400_000, 8_640_000_000_000_001]

function caseOf(seed: number, formats: readonly FuzzFormat[]): Case {
  const random = new Random(seed)
  const format = random.pick(formats)
  if (format === undefined) throw new Error('there must be a format')
  const kind = random.next()
  const isSound = kind < 0.05
  // What decodes, and cannot be: hardly any mutation of bytes makes it.
  const isUntrue = !isSound && kind < 0.08
  const event = {
    ...randomEvent(random),
    ...(isUntrue && { at: random.pick(TIMES_THAT_ARE_NONE) ?? -1 }),
  }
  const valid = Buffer.concat([Buffer.from(format.prefix), Buffer.from(format.encode(event))])
  const body =
    isSound || isUntrue
      ? valid
      : kind < 0.8
        ? mutate(valid, random)
        : kind < 0.9
          ? Buffer.concat([Buffer.from(format.prefix), bomb(format.name, random)])
          : noise(random)
  const header = Buffer.alloc(5)
  header.writeInt32BE(!isSound && random.chance(0.02) ? random.whole(-5, 5) : format.id, 1)
  const whole = Buffer.concat([header, body])
  const value = !isSound && random.chance(0.02) ? oddValue(whole, random) : whole
  const record = recordOf(seed, value, isSound, random)
  return { seed, format, record, sound: isSound ? event : undefined }
}

function oddValue(value: Buffer, random: Random): Buffer | null {
  return random.pick([null, Buffer.alloc(0), value.subarray(0, 4), mutate(value, random)]) ?? null
}

function recordOf(
  offset: number,
  value: Buffer | null,
  isSound: boolean,
  random: Random,
): InputRecord {
  const headers = isSound || random.chance(0.9) ? [] : oddHeaders(random)
  const key = random.chance(0.1) ? null : random.chance(0.1) ? noise(random) : Buffer.from('u1')
  const timestamp = random.chance(0.05) ? -1 : random.whole(0, 1_000_000) * 1e9
  return { topic: 'events', partition: 0, offset, timestamp, key, value, headers }
}

function oddHeaders(random: Random): Header[] {
  const count = random.chance(0.02) ? 5_000 : random.whole(1, 5)
  const names = ['trace', '__value_schema_id', '__key_schema_id', '__proto__', 'constructor']
  return Array.from({ length: count }, () => ({
    [random.chance(0.1) ? (random.pick(names) ?? 'x') : 'trace']: noise(random).subarray(0, 30),
  }))
}

/** The fate of a case, and what is wrong with it. */
function fateOf(
  { record, sound }: Case,
  decoded: Decoded | undefined,
  again: Decoded | undefined,
  tell: (problem: string) => void,
): string {
  if (decoded === undefined || decoded.record !== record) {
    tell('it has no fate of its own')
    return 'none'
  }
  const { result } = decoded
  if (JSON.stringify(again?.result) !== JSON.stringify(result))
    tell('it is another the second time')
  if (result.kind === 'event') {
    for (const problem of problemsOf(result.event)) tell(problem)
    if (sound !== undefined && !isSame(result.event, sound)) tell('it says something else')
    return 'event'
  }
  if (sound !== undefined) tell('it is sound and no event')
  if (result.kind !== 'dead-letter') return result.kind
  if (!DEAD_LETTER_REASONS.includes(result.reason)) tell(`its reason is ${result.reason}`)
  const { length } = result.detail
  if (length === 0 || length > DETAIL_LENGTH_MAX) tell(`its detail has ${length} characters`)
  return result.reason
}

/** What no event of the mapping may be. */
function problemsOf({ key, timeMs, id, values }: Event): readonly string[] {
  const [amount, kind, tag, size, flag] = values
  const isSane =
    isFiniteOrNull(amount) &&
    typeof kind === 'string' &&
    isFiniteOrNull(tag) &&
    Number.isInteger(size) &&
    (flag === null || typeof flag === 'boolean')
  const isKey = key !== '' && key.isWellFormed() && key.length <= KEY_LENGTH_MAX
  return [
    ...(isKey ? [] : ['its key is none']),
    ...(Number.isSafeInteger(timeMs) && timeMs >= 0 ? [] : [`its time is ${timeMs}`]),
    ...(id === '' ? ['it has no id'] : []),
    ...(values.length === 5 && isSane ? [] : [`its values are ${JSON.stringify(values)}`]),
  ]
}

function isSame({ key, timeMs, values }: Event, sound: FuzzEvent): boolean {
  const { user, at, amount, kind, tags, size } = sound
  const wanted = [user, at, amount, kind, tags['a'] ?? null, size, null]
  return [key, timeMs, ...values].every((value, index) => value === wanted[index])
}

function isFiniteOrNull(value: unknown): boolean {
  return value === null || (typeof value === 'number' && Number.isFinite(value))
}

/** A registry that knows the formats, and says so of nothing else. */
function clientOf(formats: readonly FuzzFormat[]) {
  const unknown = Object.assign(new Error('not found'), { status: 404, errorCode: 40_403 })
  const find = async (id: number) => {
    const format = formats.find((each) => each.id === id)
    if (format === undefined) throw unknown
    return { schema: format.schema, schemaType: format.schemaType }
  }
  return {
    getBySubjectAndId: (_subject: string, id: number) => find(id),
    getByGuid: () => find(-1),
    getSchemaMetadata: () => find(-1),
    getVersion: async () => 1,
    clearCaches: () => undefined,
  }
}
