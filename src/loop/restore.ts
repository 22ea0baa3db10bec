import type { FeatureEngine } from '../features/engine.ts'
import type { ChangelogReader, RecordView } from '../source/changelog-port.ts'
import type { CommittedOffset, Source } from '../source/port.ts'
import type { Clock } from '../runtime/clock.ts'
import { FormerOwners, STALL_MS } from './former-owners.ts'
import type { Fencing } from './former-owners.ts'
import { locate } from './locate.ts'
import type { Located, Location, StatePolicy } from './locate.ts'
import type { LoopEvents } from './events.ts'
import type { LoopObserver, RestoreProgress } from './observer.ts'

/** Records of one look at the changelog: what the rest of the service waits for at most. */
const RECORDS_MAX = 5_000

/** How often a restore tells how far it is, ms. */
const TOLD_EVERY_MS = 5_000

/** Partitions asked for together: each request holds a thread that the rest of the service shares. */
const AT_ONCE = 4

/** A partition that can start. */
export interface Ready {
  readonly location: Location
  /** Changelog records from this offset on are of this life of the partition. */
  readonly changelogFrom: number | undefined
}

/** A partition whose state is being read. */
interface Restoring {
  readonly partition: number
  readonly known: Located
  readonly location: Location
  readonly from: number
  readonly until: number
  readonly startedAtMs: number
  records: number
  /** When it last came forward, and to where. */
  movedAtMs: number
  position: number
}

/** What restoring needs. */
export interface RestorerParts {
  readonly inputTopic: string
  readonly policy: StatePolicy
  readonly instanceId: string
  readonly fencing: Fencing
  readonly source: Pick<Source, 'committed' | 'logBounds'>
  /** `undefined` when the model keeps no state. */
  readonly changelog: ChangelogReader | undefined
  readonly engine: FeatureEngine
  readonly events: Pick<
    LoopEvents,
    'restoring' | 'restoreGoesOn' | 'restored' | 'changelogUnusable' | 'fenced' | 'notFenced'
  >
  readonly observer: Pick<LoopObserver, 'formerOwner'>
  readonly clock: Clock
  /** Repeats a call to Kafka while it fails with an error that passes. */
  readonly insist: <Value>(call: () => Promise<Value>) => Promise<Value>
}

/**
 * Brings newly assigned partitions to where they were at the last commit, beside the loop, which goes
 * on with the others. It changes only partitions that the loop does not have yet.
 */
export class Restorer {
  readonly #parts: RestorerParts
  readonly #formerOwners: FormerOwners
  /** Partitions asked for, and the request that counts: an older one of the same partition is void. */
  readonly #wanted = new Map<number, symbol>()
  readonly #restoring = new Map<number, Restoring>()
  /** Used again for each record. */
  readonly #tile = { key: bytesOf(Buffer.alloc(0)), value: bytesOf(Buffer.alloc(0)) }
  #ready: Ready[] = []
  #failure: { readonly error: unknown } | undefined
  #working: Promise<void> = Promise.resolve()
  #isPolling = false
  /** When it was last told how far all this is, wall-clock ms. */
  #toldAtMs = 0

  constructor(parts: RestorerParts) {
    this.#parts = parts
    this.#formerOwners = new FormerOwners(parts)
  }

  /** Begins with these partitions; `take` hands each over once it is ready. */
  begin(partitions: readonly number[]): void {
    if (partitions.length === 0) return
    const request = Symbol('restore')
    this.#formerOwners.forget(partitions)
    for (const partition of partitions) this.#wanted.set(partition, request)
    this.#follow(this.#locate(partitions, request))
  }

  /** Forgets a partition, however far it has come. */
  cancel(partition: number): void {
    this.#wanted.delete(partition)
    const isOf = ({ location }: Ready): boolean => location.partition === partition
    const ready = this.#ready.find(isOf)
    this.#ready = this.#ready.filter((each) => !isOf(each))
    if (ready?.location.changelog !== undefined) this.#parts.engine.close(partition)
    if (this.#restoring.delete(partition)) this.#leave(partition)
  }

  /** Partitions that have become ready. @throws what kept one from it */
  take(): readonly Ready[] {
    if (this.#failure !== undefined) throw this.#failure.error
    const ready = this.#ready
    this.#ready = []
    for (const { location } of ready) this.#wanted.delete(location.partition)
    return ready
  }

  get isIdle(): boolean {
    return this.#wanted.size === 0
  }

  /** Partitions on their way, in the largest of the lists that they are in. */
  get held(): number {
    return Math.max(this.#wanted.size, this.#restoring.size, this.#ready.length)
  }

  progress(): readonly RestoreProgress[] {
    const nowMs = this.#parts.clock.now()
    return [...this.#restoring.values()].map((each) => {
      const done = Math.max(0, (this.#parts.changelog?.position(each.partition) ?? 0) - each.from)
      const { partition, from, until, records, startedAtMs } = each
      return { partition, done, total: until - from, records, forMs: nowMs - startedAtMs }
    })
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    for (const partition of this.#wanted.keys()) this.cancel(partition)
    await this.#working
    await this.#parts.changelog?.disconnect()
  }

  #follow(work: Promise<void>): void {
    const settled = work.catch((error: unknown) => {
      this.#failure ??= { error }
    })
    this.#working = Promise.all([this.#working, settled]).then(() => undefined)
  }

  async #locate(partitions: readonly number[], request: symbol): Promise<void> {
    const isWanted = (partition: number): boolean => this.#wanted.get(partition) === request
    try {
      await this.#prepareAll(partitions, request)
    } catch (error) {
      // What went wrong for partitions that have gone is nobody's trouble.
      if (partitions.some(isWanted)) throw error
    }
    await this.#read()
  }

  async #prepareAll(partitions: readonly number[], request: symbol): Promise<void> {
    const { source, insist } = this.#parts
    const asking = insist(() => source.committed(partitions))
    const stored = await this.#formerOwners.during(partitions, asking)
    for (let at = 0; at < stored.length; at += AT_ONCE) {
      const isWanted = ({ partition }: CommittedOffset): boolean =>
        this.#wanted.get(partition) === request
      const some = stored.slice(at, at + AT_ONCE).filter(isWanted)
      await Promise.all(some.map((entry) => this.#prepare(entry, request)))
    }
  }

  async #prepare(stored: CommittedOffset, request: symbol): Promise<void> {
    const { inputTopic, policy, source, engine, changelog, insist } = this.#parts
    const { partition } = stored
    const bounds = await insist(() => source.logBounds(partition))
    const log = changelog && (await insist(() => changelog.bounds(partition)))
    if (this.#wanted.get(partition) !== request) return
    const { layout, reachMs } = engine
    const known = { topic: inputTopic, stored, bounds, layout, reachMs, policy }
    const location = locate(known)
    if (location.changelog === undefined || log === undefined || changelog === undefined) {
      this.#ready.push({ location, changelogFrom: log?.end })
      return
    }
    const from = Math.min(Math.max(location.changelog.from, log.first), log.end)
    engine.open(partition, location.restored)
    changelog.open(partition, from)
    const startedAtMs = this.#parts.clock.now()
    this.#restoring.set(partition, {
      partition,
      known,
      location,
      from,
      until: log.end,
      startedAtMs,
      records: 0,
      movedAtMs: startedAtMs,
      position: from,
    })
    this.#parts.events.restoring(partition, log.end - from)
  }

  /** Reads until no partition is left; one at a time does so. */
  async #read(): Promise<void> {
    const { changelog, insist } = this.#parts
    if (this.#isPolling || changelog === undefined) return
    const visit = (record: RecordView): void => this.#apply(record)
    this.#isPolling = true
    this.#toldAtMs = this.#parts.clock.now()
    try {
      for (this.#finish(changelog); this.#restoring.size > 0; this.#finish(changelog)) {
        try {
          await insist(() => changelog.poll(RECORDS_MAX, visit))
        } catch (error) {
          if (this.#restoring.size > 0) throw error
        }
        this.#noticeStalls(changelog)
        this.#tell()
      }
    } finally {
      this.#isPolling = false
    }
  }

  #tell(): void {
    const nowMs = this.#parts.clock.now()
    if (this.#restoring.size === 0 || nowMs - this.#toldAtMs < TOLD_EVERY_MS) return
    this.#toldAtMs = nowMs
    this.#parts.events.restoreGoesOn(this.progress())
  }

  /** A partition that comes no further waits for a transaction that its former owner left open. */
  #noticeStalls(changelog: ChangelogReader): void {
    const nowMs = this.#parts.clock.now()
    for (const restoring of this.#restoring.values()) {
      const position = changelog.position(restoring.partition)
      if (position > restoring.position) {
        restoring.position = position
        restoring.movedAtMs = nowMs
      } else if (nowMs - restoring.movedAtMs > STALL_MS) {
        this.#follow(this.#formerOwners.fence([restoring.partition]))
        restoring.movedAtMs = nowMs
      }
    }
  }

  #apply(record: RecordView): void {
    const restoring = this.#restoring.get(record.partition)
    if (restoring === undefined) return
    restoring.records += 1
    const { key, value } = this.#tile
    key.buffer = record.key
    key.at = record.keyAt
    key.end = record.keyEnd
    value.buffer = record.value
    value.at = record.valueAt
    value.end = record.valueEnd
    this.#parts.engine.restore(record.partition, this.#tile)
  }

  #finish(changelog: ChangelogReader): void {
    for (const restoring of this.#restoring.values()) {
      if (changelog.position(restoring.partition) >= restoring.until) this.#finishOne(restoring)
    }
  }

  /** All has been read: is it all that was committed? */
  #finishOne(restoring: Restoring): void {
    const { engine, events, clock } = this.#parts
    const { partition, location, records, startedAtMs } = restoring
    this.#restoring.delete(partition)
    const mark = location.changelog
    const tiles = engine.reachableTiles(partition)
    if (mark === undefined || tiles === mark.tiles) {
      this.#parts.changelog?.close(partition)
      events.restored({ partition, tiles, records, forMs: clock.now() - startedAtMs })
      this.#ready.push({ location, changelogFrom: mark?.from })
      return
    }
    this.#leave(partition)
    const problem = `the changelog gives ${tiles} of the ${mark.tiles} tiles that were committed`
    this.#follow(this.#doubt(restoring, problem))
  }

  /**
   * The changelog is not what was committed. Either something of it is gone, or another instance owns
   * the partition by now and has committed since; its word that we lost it may still be on its way.
   */
  async #doubt({ partition, known, until }: Restoring, problem: string): Promise<void> {
    const { source, events, insist } = this.#parts
    const request = this.#wanted.get(partition)
    const [stored] = await insist(() => source.committed([partition]))
    if (request === undefined || this.#wanted.get(partition) !== request) return
    if (stored !== undefined && stored.offset !== known.stored.offset) {
      await this.#prepare(stored, request)
      await this.#read()
      return
    }
    events.changelogUnusable(partition, problem)
    const location = locate({ ...known, changelogProblem: problem })
    this.#ready.push({ location, changelogFrom: until })
  }

  #leave(partition: number): void {
    this.#parts.changelog?.close(partition)
    this.#parts.engine.close(partition)
  }
}

function bytesOf(buffer: Buffer) {
  return { buffer, at: 0, end: 0 }
}
