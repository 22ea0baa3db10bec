import { Random } from './random.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Every kind of fault there is; each must be reached over the seeds of a run. */
export const FAULTS = [
  'crash',
  'replay-crash',
  'freeze',
  'lost',
  'rebalance',
  'settle-abortable',
  'settle-uncertain',
  'hanging-call',
  'outage',
  'client-fenced',
  'member-fenced',
  'stop',
  'queue-full',
  'produce-refused',
  'begin-fatal',
  'offsets-retriable',
  'offsets-retriable-after',
  'offsets-abortable',
  'offsets-uncertain',
  'commit-retriable',
  'commit-retriable-after',
  'commit-abortable',
  'commit-fatal',
  'commit-uncertain-before',
  'commit-uncertain-after',
  'commit-uncertain-later',
  'abort-retriable',
  'abort-retriable-after',
  'abort-uncertain',
  'abort-uncertain-after',
  'init-unavailable',
  'init-unavailable-after',
  'source-unavailable',
  'seek-unavailable',
  'late-record',
  'fence-refused',
  'fence-answer-lost',
  'fence-slow',
  'registry-unavailable',
  'changelog-unavailable',
  'changelog-deleted',
  'input-deleted',
  'input-cut',
  'input-held',
  'flood',
  'unauthorized',
  'worker-gone',
  'model-changed',
] as const

export type Fault = (typeof FAULTS)[number]

/** What is left out of a seed's run, to see whether it still fails. */
export interface Limits {
  readonly without?: ReadonlySet<Fault>
  /** Faults after so many do not happen. */
  readonly faultsMax?: number
  /** Records after so many are not written. */
  readonly recordsMax?: number
}

/** Kinds that lead somewhere only together, or only with nothing else in their way. */
const THEMES: readonly (readonly Fault[])[] = [
  ['rebalance', 'settle-abortable', 'settle-uncertain'],
  ['rebalance', 'hanging-call'],
  // Often: a partition that is another's and ours again before the call has ended is rare.
  ['hanging-call'],
  ['hanging-call'],
  ['hanging-call', 'fence-refused'],
  ['hanging-call', 'fence-answer-lost'],
  ['hanging-call', 'lost', 'fence-slow'],
  ['hanging-call', 'lost', 'fence-answer-lost'],
  ['commit-uncertain-later', 'init-unavailable'],
  ['produce-refused'],
  // A flood is aborted by a client that is well.
  ['flood', 'abort-retriable', 'abort-uncertain'],
  ['flood', 'abort-retriable-after', 'abort-uncertain-after'],
  ['commit-retriable', 'commit-retriable-after', 'offsets-retriable-after'],
  ['outage'],
  ['outage', 'source-unavailable'],
  ['flood', 'seek-unavailable'],
  ['flood', 'late-record', 'rebalance'],
  ['hanging-call', 'late-record', 'outage'],
  ['rebalance', 'settle-uncertain', 'seek-unavailable'],
  ['outage', 'crash'],
  ['client-fenced', 'outage'],
  ['client-fenced', 'lost', 'fence-refused', 'fence-answer-lost', 'fence-slow'],
  ['flood', 'rebalance'],
  ['input-deleted'],
  ['input-deleted', 'changelog-deleted', 'stop'],
  ['changelog-deleted', 'stop'],
  ['changelog-deleted', 'replay-crash', 'stop'],
  ['changelog-deleted', 'replay-crash', 'stop'],
  ['lost', 'rebalance'],
  ['input-cut'],
  ['input-held', 'stop'],
  ['model-changed'],
  ['model-changed', 'input-deleted', 'rebalance'],
]
const THEMED_SHARE = 0.5

/** No broker to be reached, ms: within a request's time, past a session, past a transaction, for minutes. */
const OUTAGES_MS = [3_000, 13_000, 40_000, 240_000]
/** Of looks at a group, some 80 before the last fault. */
const OUTAGE_SHARE = 0.02

const TRACE_MAX = 20_000
const LATENCY_MAX_MS = 4

/** Who makes a call: it may be frozen for a while, or dead for ever. */
export interface Caller {
  readonly name: string
  isDead: boolean
  frozenUntilMs: number
  /** Until when no broker can be reached from there. */
  awayUntilMs: number
  /** Told at each of its calls. */
  onCall: () => void
}

/** A process that is well. */
export function callerOf(name: string): Caller {
  return { name, isDead: false, frozenUntilMs: 0, awayUntilMs: 0, onCall: () => undefined }
}

/** Time, chance, faults and the trace of one simulated run. */
export class World {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly reached = new Map<string, number>()
  readonly trace: string[] = []
  readonly failures: string[] = []
  readonly limits: Limits
  readonly #enabled: ReadonlySet<Fault>
  readonly #share: number
  #faultsEndAtMs = Infinity
  #faults = 0

  constructor(seed: number, limits: Limits = {}) {
    this.limits = limits
    this.random = new Random(seed)
    // Few kinds at a time: each is met in runs that are calm but for it.
    const theme = this.random.chance(THEMED_SHARE) ? this.random.pick(THEMES) : undefined
    const count = this.random.whole(0, theme === undefined ? 6 : 2)
    const chosen = Array.from({ length: count }, () => this.random.pick(FAULTS))
    this.#enabled = new Set([...chosen, ...(theme ?? [])].filter((fault) => fault !== undefined))
    this.#share = this.random.pick([0.01, 0.05, 0.15]) ?? 0
  }

  /** How many faults have happened. */
  get faults(): number {
    return this.#faults
  }

  /** No fault begins later than this. */
  endFaultsIn(ms: number): void {
    this.#faultsEndAtMs = this.clock.now() + ms
  }

  /** Whether this fault happens now: in the run's share of cases, unless another is given. */
  fault(kind: Fault, share = this.#share): boolean {
    if (!this.#enabled.has(kind) || this.clock.now() > this.#faultsEndAtMs) return false
    if (!this.random.chance(share)) return false
    // Chance has been asked already, so that up to here the run is as it is without limits.
    const { without, faultsMax = Infinity } = this.limits
    if (without?.has(kind) === true || this.#faults >= faultsMax) return false
    this.#faults += 1
    this.reach(kind)
    return true
  }

  reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1)
  }

  note(line: string): void {
    if (this.trace.length < TRACE_MAX) this.trace.push(`${this.clock.now() % 10_000_000} ${line}`)
  }

  fail(why: string): void {
    this.note(`FAILURE ${why}`)
    this.failures.push(why)
  }

  crash(caller: Caller): void {
    this.note(`${caller.name} crashes`)
    caller.isDead = true
  }

  /** Now and then the network of one process is gone, or that of all. */
  mayCutOff(callers: readonly Caller[]): void {
    if (callers.length === 0 || !this.fault('outage', OUTAGE_SHARE)) return
    const untilMs = this.clock.now() + this.random.whole(1_000, this.random.pick(OUTAGES_MS) ?? 0)
    const only = this.random.chance(0.5) ? this.random.pick(callers) : undefined
    for (const caller of only === undefined ? callers : [only]) {
      caller.awayUntilMs = Math.max(caller.awayUntilMs, untilMs)
      this.note(`${caller.name} reaches no broker for ${untilMs - this.clock.now()} ms`)
    }
  }

  isAway({ awayUntilMs }: Caller): boolean {
    return awayUntilMs > this.clock.now()
  }

  /** Whether a broker can be reached, at once or within a time, which passes otherwise. */
  async reaches(caller: Caller, withinMs: number): Promise<boolean> {
    const leftMs = caller.awayUntilMs - this.clock.now()
    if (leftMs <= 0) return true
    await this.clock.sleep(Math.min(leftMs, withinMs))
    return caller.isDead ? never() : leftMs <= withinMs
  }

  /** A call on its way, or its answer: takes time, and its caller may not live to see it. */
  async travel(caller: Caller): Promise<void> {
    if (caller.isDead) return never()
    caller.onCall()
    if (this.fault('crash')) {
      this.crash(caller)
      return never()
    }
    if (this.fault('freeze')) {
      caller.frozenUntilMs = this.clock.now() + this.random.whole(1_000, 25_000)
      this.note(`${caller.name} freezes`)
    }
    await this.clock.sleep(this.random.whole(0, LATENCY_MAX_MS))
    while (caller.frozenUntilMs > this.clock.now()) {
      await this.clock.sleep(caller.frozenUntilMs - this.clock.now())
    }
    return caller.isDead ? never() : undefined
  }
}

/** What a dead process waits for. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}
