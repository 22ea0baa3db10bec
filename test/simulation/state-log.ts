import type { OutputRecord } from '../../src/domain/record.ts'

/** Longer than any reader takes from a record to the tombstone after it, as on a broker. */
const TOMBSTONE_KEPT_MS = 60_000

const NO_BYTES = Buffer.alloc(0)

/** A transaction as the log's readers get to know it. */
export interface LogTransaction {
  readonly producer: string
  outcome: 'open' | 'committed' | 'aborted'
}

/** What a read-committed reader finds. */
export interface StateRecord {
  readonly offset: number
  readonly key: Buffer
  /** `undefined` is a tombstone. */
  readonly value: Buffer | undefined
}

interface Entry {
  readonly offset: number
  readonly atMs: number
  readonly transaction: LogTransaction
  /** `undefined` is the marker of a commit or an abort: it takes an offset, and nobody reads it. */
  readonly record: StateRecord | undefined
}

/**
 * One partition of a compacted topic that only transactions write to. Records lie on it from the moment
 * they are produced; markers decide what becomes of them.
 */
export class StateLog {
  #entries: Entry[] = []
  /** First offset of each transaction that has no marker here yet. */
  readonly #open = new Map<LogTransaction, number>()
  /** Keys whose last record was deleted, and which have not been written since. */
  readonly #lost = new Set<string>()
  #end = 0
  #hasLost = false

  /** One past the last offset taken, by whatever. */
  get end(): number {
    return this.#end
  }

  /** Whether the last record of any key is gone, so that a reader cannot have all that was written. */
  get isIncomplete(): boolean {
    return this.#lost.size > 0
  }

  /** Whether it has ever been incomplete. */
  get hasLost(): boolean {
    return this.#hasLost
  }

  /** Where read-committed readers stop: at the first record of the earliest open transaction. */
  get lastStable(): number {
    let stable = this.#end
    for (const first of this.#open.values()) stable = Math.min(stable, first)
    return stable
  }

  /** Keeps the record's bytes as they are, without a copy. */
  append(transaction: LogTransaction, { key, value }: OutputRecord, atMs: number): void {
    const offset = this.#end++
    if (!this.#open.has(transaction)) this.#open.set(transaction, offset)
    const record = { offset, key: key ?? NO_BYTES, value: value ?? undefined }
    this.#entries.push({ offset, atMs, transaction, record })
  }

  /** The marker of a decided transaction arrives. */
  mark(transaction: LogTransaction, atMs: number): void {
    if (!this.#open.delete(transaction)) return
    this.#entries.push({ offset: this.#end++, atMs, transaction, record: undefined })
    if (this.#lost.size === 0 || transaction.outcome !== 'committed') return
    for (const entry of this.#entries) {
      if (entry.transaction === transaction && entry.record) this.#lost.delete(nameOf(entry.record))
    }
  }

  /**
   * Committed records from an offset on, up to the last stable offset.
   *
   * @returns them with the next offset to read: past whatever shows no record, unless the read was full
   */
  read(from: number, recordsMax: number): { records: StateRecord[]; next: number } {
    const records: StateRecord[] = []
    const stable = this.lastStable
    for (const { offset, record, transaction } of this.#entries) {
      if (offset < from) continue
      if (offset >= stable) break
      if (record === undefined || transaction.outcome !== 'committed') continue
      if (records.length === recordsMax) break
      records.push(record)
    }
    const last = records.at(-1)
    const isFull = last !== undefined && records.length === recordsMax
    return { records, next: isFull ? last.offset + 1 : Math.max(from, stable) }
  }

  /** What retention does: whatever lies below goes, needed or not. */
  deleteBefore(limit: number): void {
    const until = Math.min(limit, this.lastStable)
    const gone = this.#entries.filter(({ offset }) => offset < until)
    this.#entries = this.#entries.filter(({ offset }) => offset >= until)
    const kept = new Set(this.#entries.filter(isCommitted).map(({ record }) => nameOf(record)))
    for (const { record } of gone.filter(isCommitted)) {
      if (kept.has(nameOf(record))) continue
      this.#lost.add(nameOf(record))
      this.#hasLost = true
    }
  }

  /**
   * Below `limit` keeps the newest committed record of each key, and every marker; offsets stay. An old
   * tombstone goes as well.
   */
  compact(limit: number, nowMs: number): void {
    const isCleaned = (offset: number): boolean => offset < Math.min(limit, this.lastStable)
    const newest = new Map<string, number>()
    for (const entry of this.#entries) {
      if (!isCleaned(entry.offset)) break
      if (isCommitted(entry)) newest.set(nameOf(entry.record), entry.offset)
    }
    this.#entries = this.#entries.filter(({ offset, atMs, record }) => {
      if (record === undefined || !isCleaned(offset)) return true
      const isOldTombstone = record.value === undefined && nowMs - atMs > TOMBSTONE_KEPT_MS
      return newest.get(nameOf(record)) === offset && !isOldTombstone
    })
  }
}

type Committed = Entry & { readonly record: StateRecord }

function isCommitted(entry: Entry): entry is Committed {
  return entry.record !== undefined && entry.transaction.outcome === 'committed'
}

/** A key as text. */
function nameOf({ key }: StateRecord): string {
  return key.toString('latin1')
}
