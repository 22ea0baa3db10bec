import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import { RegistryDecoder } from '../../src/decode/registry-codec.ts'
import type { Decoded, Decoder } from '../../src/decode/port.ts'
import type { Event } from '../../src/domain/event.ts'
import { DEAD_LETTER_REASONS } from '../../src/domain/outcome.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { caseOf } from './cases.ts'
import type { Case } from './cases.ts'
import { FUZZ_MAPPING, fuzzFormats } from './formats.ts'
import type { FuzzEvent } from './formats.ts'
import { fuzzRegistry } from './registry.ts'

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

/**
 * Decodes records that were made to do harm: valid ones with changed bytes, bombs and noise, in every
 * format, mixed; schemas that were made up, too. Each must have exactly one fate, in time, the same when it is
 * decoded again. What decodes is kept from one run to the next, so that what grows is found.
 */
export class Fuzzer {
  readonly #formats = fuzzFormats()
  readonly #registry: Decoder = new RegistryDecoder({
    client: fuzzRegistry(this.#formats),
    mapping: FUZZ_MAPPING,
    clock: systemClock,
  })
  readonly #json: Decoder = new JsonDecoder(FUZZ_MAPPING)

  /**
   * @param first seed of the first case; the others follow
   * @param onBatch called with the first seed of each batch before it is decoded
   */
  async run(
    first: number,
    cases: number,
    onBatch: (seed: number) => void = () => undefined,
  ): Promise<FuzzResult> {
    const fates = new Map<string, number>()
    const findings: Finding[] = []
    let slowestMs = 0
    for (let from = first; from < first + cases; from += BATCH) {
      const seeds = Math.min(BATCH, first + cases - from)
      const batch = Array.from({ length: seeds }, (_, index) => caseOf(from + index, this.#formats))
      onBatch(from)
      const startedAt = performance.now()
      const decoded = await this.#decode(batch)
      const isSlow = performance.now() - startedAt > RECORD_MS_MAX / 2
      const again = await this.#decode(batch)
      for (const [index, each] of batch.entries()) {
        const tell = tellerOf(each, findings)
        const fate = `${each.format} ${fateOf(each, decoded[index], again[index], tell)}`
        fates.set(fate, (fates.get(fate) ?? 0) + 1)
        const tookMs = isSlow ? await timeOf(this.#decoderOf(each), each) : 0
        slowestMs = Math.max(slowestMs, tookMs)
        if (tookMs > RECORD_MS_MAX) tell(`it took ${Math.round(tookMs)} ms`)
      }
    }
    return { cases, fates, findings, slowestMs }
  }

  /** Each of a kind in one batch, as a topic would have them; put together again in order. */
  async #decode(batch: readonly Case[]): Promise<readonly (Decoded | undefined)[]> {
    const fates = new Map<Case, Decoded | undefined>()
    for (const decoder of [this.#registry, this.#json]) {
      const own = batch.filter((each) => this.#decoderOf(each) === decoder)
      const decoded = await decoder.decode(own.map(({ record }) => record))
      if (decoded.length !== own.length) throw new Error(`${decoded.length} of ${own.length}`)
      for (const [index, each] of own.entries()) fates.set(each, decoded[index])
    }
    return batch.map((each) => fates.get(each))
  }

  #decoderOf({ isPlain }: Case): Decoder {
    return isPlain ? this.#json : this.#registry
  }
}

function tellerOf({ seed, format, record }: Case, findings: Finding[]): (problem: string) => void {
  return (problem) => {
    const value = (record.value ?? Buffer.alloc(0)).subarray(0, 200).toString('hex')
    findings.push({ seed, format, problem, value })
  }
}

/** CPU time of one decode, ms: the least of some, since the machine may be busy with something else. */
async function timeOf(decoder: Decoder, { record }: Case): Promise<number> {
  let leastMs = Infinity
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const from = process.cpuUsage()
    await decoder.decode([record])
    const { user, system } = process.cpuUsage(from)
    leastMs = Math.min(leastMs, (user + system) / 1000)
  }
  return leastMs
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
