import type { Decoded, Decoder, FieldReader, RawField } from '../../decode/port.ts'
import type { Event } from '../../domain/event.ts'
import type { DeadLetter } from '../../domain/outcome.ts'
import type { FeatureEngine } from '../../features/engine.ts'
import type { StreamPosition } from '../../features/stream-time.ts'
import { asRead, type Letter } from './letter.ts'

/** What would become of a letter that is replayed now. */
export type Verdict =
  | {
      readonly kind: 'pass'
      readonly event: Event
      /** How far its time is behind the newest that its partition has answered, ms; 0 when it is not. */
      readonly behindMs: number
    }
  /** It would go to the late topic. */
  | { readonly kind: 'late'; readonly event: Event; readonly byMs: number }
  | { readonly kind: 'fail'; readonly letter: DeadLetter }
  /** It would be passed over and audited as such: a tombstone. */
  | { readonly kind: 'skipped' }
  /** Decodes and is in time, but the model turned it down, and is not asked again here. */
  | { readonly kind: 'unsure'; readonly event: Event; readonly behindMs: number }

/** A letter, what decoding makes of it now, and what would become of it. */
export interface Judged {
  readonly letter: Letter
  /** Its record as it was read from the input topic. */
  readonly decoded: Decoded
  readonly verdict: Verdict
}

/**
 * Judges letters by the service's own decoding and time rules, each as if it were the next record of its
 * partition. Whether the model takes a row depends on the state of its key, which is the service's alone.
 */
export class Judge {
  /** Records of the input that are not answered yet, transaction markers included. */
  readonly backlog: number
  readonly #inputTopic: string
  readonly #decoder: Decoder & FieldReader
  readonly #engine: FeatureEngine
  readonly #positions: ReadonlyMap<number, StreamPosition | undefined>
  readonly #row: Float64Array

  constructor(parts: {
    readonly inputTopic: string
    readonly decoder: Decoder & FieldReader
    /** One of the judge's own. */
    readonly engine: FeatureEngine
    /** By partition of the input, as last committed; `undefined` where nothing ever was. */
    readonly positions: ReadonlyMap<number, StreamPosition | undefined>
    readonly backlog: number
  }) {
    this.backlog = parts.backlog
    this.#inputTopic = parts.inputTopic
    this.#decoder = parts.decoder
    this.#engine = parts.engine
    this.#positions = parts.positions
    this.#row = new Float64Array(parts.engine.columns)
    for (const [partition, position] of parts.positions) this.#engine.open(partition, position)
  }

  /** The fields of a letter as they stand in its bytes, as far as they can be decoded. */
  rawFields(letter: Letter): Promise<readonly RawField[]> {
    return this.#decoder.rawFields(asRead(letter))
  }

  /** Whether a letter came from a partition that the input topic has. */
  isOurs({ source }: Letter): boolean {
    return source.topic === this.#inputTopic && this.#positions.has(source.partition)
  }

  /** Verdicts in the order of the letters, which must be ours. @throws as `Decoder.decode` */
  async judge(letters: readonly Letter[]): Promise<readonly Judged[]> {
    const all = await this.#decoder.decode(letters.map(asRead))
    return letters.flatMap((letter, index) => {
      const decoded = all[index]
      return decoded === undefined ? [] : { letter, decoded, verdict: this.#of(letter, decoded) }
    })
  }

  #of({ stage }: Letter, { record, result }: Decoded): Verdict {
    if (result.kind === 'skipped') return result
    if (result.kind !== 'event') return { kind: 'fail', letter: result }
    const { event } = result
    const { partition, offset, timestamp } = record
    const applied = this.#engine.apply(partition, offset, event, timestamp, this.#row, 0)
    this.#engine.discard()
    if (applied.kind === 'late') return { kind: 'late', event, byMs: applied.byMs }
    if (applied.kind !== 'ok') return { kind: 'fail', letter: applied }
    const newestMs = this.#positions.get(partition)?.streamTimeMs ?? event.timeMs
    const behindMs = Math.max(0, newestMs - event.timeMs)
    return { kind: stage === 'inference' ? 'unsure' : 'pass', event, behindMs }
  }
}
