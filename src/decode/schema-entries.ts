import type { DeadLetter } from '../domain/outcome.ts'
import type { SchemaCodec } from './schema-codec.ts'
import type { SchemaKey } from './schema-source.ts'

/** Most schemas remembered from one batch to the next. */
const CODECS_MAX = 1_000
/** Most schemas remembered that nothing can be done with: whoever writes records may make them up. */
const REFUSED_MAX = 10_000
/** Most schemas that one batch asks for at a time. */
const ASKED_MAX = 8

/** What is known of a schema. */
export type SchemaEntry =
  | {
      readonly kind: 'codec'
      readonly codec: SchemaCodec
      /** Names the schema in messages. */
      readonly label: string
      readonly hasIndexes: boolean
    }
  | { readonly kind: 'refused'; readonly letter: DeadLetter; readonly untilMs: number }

/** The schemas that are known. Refusals have a bound of their own: they drive out no schema in use. */
export class SchemaEntries {
  readonly #codecs = new Map<SchemaKey, SchemaEntry>()
  readonly #refused = new Map<SchemaKey, Extract<SchemaEntry, { kind: 'refused' }>>()
  readonly #asking = new Map<SchemaKey, Promise<void>>()

  get(key: SchemaKey): SchemaEntry | undefined {
    return this.#codecs.get(key) ?? this.#refused.get(key)
  }

  /** Forgets refusals that are out of date, and the oldest of what is too much. Call it between batches. */
  forget(nowMs: number): void {
    for (const [key, { untilMs }] of this.#refused) {
      if (untilMs <= nowMs || this.#refused.size > REFUSED_MAX) this.#refused.delete(key)
    }
    for (const key of this.#codecs.keys()) {
      if (this.#codecs.size <= CODECS_MAX) break
      this.#codecs.delete(key)
    }
  }

  /**
   * Asks for schemas, some at a time, each once however many batches wait for it. What was answered is kept
   * even when another is not; after one that is not, no more are asked for.
   *
   * @throws what `ask` throws first
   */
  async fetch(
    keys: readonly SchemaKey[],
    ask: (key: SchemaKey) => Promise<SchemaEntry>,
  ): Promise<void> {
    const waiting = keys.values()
    let failure: { readonly error: unknown } | undefined
    const askInTurn = async (): Promise<void> => {
      for (const key of waiting) {
        if (failure !== undefined) return
        try {
          await this.#askOnce(key, ask)
        } catch (error) {
          failure ??= { error }
        }
      }
    }
    await Promise.all(Array.from({ length: ASKED_MAX }, askInTurn))
    if (failure !== undefined) throw failure.error
  }

  #askOnce(key: SchemaKey, ask: (key: SchemaKey) => Promise<SchemaEntry>): Promise<void> {
    if (this.get(key) !== undefined) return Promise.resolve()
    const asking =
      this.#asking.get(key) ??
      ask(key)
        .then((entry) => this.#keep(key, entry))
        .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  #keep(key: SchemaKey, entry: SchemaEntry): void {
    if (entry.kind === 'codec') this.#codecs.set(key, entry)
    else this.#refused.set(key, entry)
  }
}
