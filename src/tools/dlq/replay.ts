import { EXIT } from '../../domain/errors.ts'
import { OutputBatch } from '../../sink/output-batch.ts'
import type { TransactionalProducer } from '../../sink/port.ts'
import type { Filter } from './filter.ts'
import type { Judge, Judged } from './judge.ts'
import { type Letter, markerOf } from './letter.ts'
import type { Queue } from './queue.ts'
import { ReplayReport } from './replay-report.ts'
import { InputTarget, type ReplayTarget, type TargetName } from './target.ts'
import type { Workbench } from './workbench.ts'
import { writeTogether } from './write-together.ts'

/** Most letters and bytes of one transaction: far below what the producer can hold. */
const TRANSACTION_LETTERS = 500
const TRANSACTION_BYTES = 16 * 1024 * 1024
/** Progress is told at most this often. */
const PROGRESS_MS = 1_000

/** What is replayed, and how. */
export interface ReplayOptions {
  readonly to: TargetName
  readonly filter: Filter
  readonly isDryRun: boolean
  /** Also what is late by now. */
  readonly includeLate: boolean
  /** Most letters that are replayed. */
  readonly limit: number
  /** Letters a second; Infinity for no bound. */
  readonly rate: number
  readonly json: boolean
}

/**
 * Brings letters back, each in one transaction with the marker that says so.
 *
 * The order of the beginning is what makes it safe: first the producer, which fences any other run and
 * lets no transaction of one stay open; then the queue, which so has the markers of all that was ever
 * replayed. What can be refused is, before anybody is fenced. @returns the exit status
 */
export async function replay(bench: Workbench, options: ReplayOptions): Promise<number> {
  const { to, isDryRun, json } = options
  const judge = await bench.judge()
  const target =
    to === 'input' ? new InputTarget(judge) : await bench.predictions({ judge, isDryRun })
  const producer = isDryRun ? undefined : await bench.producer()
  const queue = await bench.queue()
  const report = new ReplayReport(to, judge.backlog)
  const sender =
    producer === undefined ? undefined : new Sender({ bench, producer, target, rate: options.rate })
  // What is written as an answer cannot come back, so it needs no bound.
  const replaysMax = to === 'input' ? bench.replaysMax : Infinity
  const chosen = new Chooser({ queue, judge, report, options, replaysMax })
  for await (const batch of queue.letters()) {
    if (bench.isStopped() || chosen.isFull) break
    const candidates = chosen.candidates(batch.map(({ letter }) => letter))
    const letters = chosen.accepted(await target.judge(candidates))
    for (const part of transactionsOf(letters, options.rate)) {
      if (bench.isStopped()) break
      await sender?.send(part)
      report.replayed += sender === undefined ? 0 : part.length
      const last = part.at(-1)
      if (sender !== undefined && last !== undefined) {
        sender.tell(report.replayed, queue.shareBefore(last.letter.record))
      }
    }
  }
  bench.print(json ? report.toJson(isDryRun) : report.toText(isDryRun))
  if (bench.isStopped()) {
    bench.note('stopped as asked; run it again to go on\n')
    // What was not looked at yet is in no count.
    return EXIT.incomplete
  }
  const { letters, pass, unsure, skipped, late } = report.total
  const judged = pass + unsure + skipped + (options.includeLate ? late : 0)
  const done = isDryRun ? judged : report.replayed
  return done === letters ? EXIT.ok : EXIT.incomplete
}

/** Chooses what is replayed, and says in the report why the rest is not. */
class Chooser {
  readonly #queue: Queue
  readonly #judge: Judge
  readonly #report: ReplayReport
  readonly #options: ReplayOptions
  readonly #replaysMax: number
  #accepted = 0

  constructor(parts: {
    readonly queue: Queue
    readonly judge: Judge
    readonly report: ReplayReport
    readonly options: ReplayOptions
    readonly replaysMax: number
  }) {
    this.#queue = parts.queue
    this.#judge = parts.judge
    this.#report = parts.report
    this.#options = parts.options
    this.#replaysMax = parts.replaysMax
  }

  get isFull(): boolean {
    return this.#accepted >= this.#options.limit
  }

  /** Those that may be replayed at all. */
  candidates(letters: readonly Letter[]): Letter[] {
    return letters.filter((letter) => {
      if (!this.#options.filter(letter)) return false
      if (this.#queue.replayed.has(letter.source)) {
        this.#report.replayedBefore += 1
        return false
      }
      if (!this.#judge.isOurs(letter)) {
        this.#report.bar(letter, 'elsewhere')
        return false
      }
      if (letter.replays < this.#replaysMax) return true
      this.#report.bar(letter, 'exhausted')
      return false
    })
  }

  /** Those that are replayed. From here on they count as replayed: an import may have left them twice. */
  accepted(judged: readonly Judged[]): Judged[] {
    return judged.filter(({ letter, verdict }) => {
      if (this.isFull) return false
      if (this.#queue.replayed.has(letter.source)) {
        this.#report.replayedBefore += 1
        return false
      }
      this.#report.judged(letter, verdict)
      if (verdict.kind === 'fail') return false
      if (verdict.kind === 'late' && !this.#options.includeLate) return false
      this.#queue.replayed.add(letter.source)
      this.#accepted += 1
      return true
    })
  }
}

/** Sends letters, a transaction at a time, no faster than asked. */
class Sender {
  readonly #bench: Workbench
  readonly #producer: TransactionalProducer
  readonly #target: ReplayTarget
  readonly #rate: number
  readonly #startedAtMs: number
  #toldAtMs = 0
  #sent = 0

  constructor(parts: {
    readonly bench: Workbench
    readonly producer: TransactionalProducer
    readonly target: ReplayTarget
    readonly rate: number
  }) {
    this.#bench = parts.bench
    this.#producer = parts.producer
    this.#target = parts.target
    this.#rate = parts.rate
    this.#startedAtMs = parts.bench.clock.monotonic()
  }

  async send(letters: readonly Judged[]): Promise<void> {
    const { clock } = this.#bench
    const dueMs = this.#startedAtMs + (this.#sent / this.#rate) * 1_000 - clock.monotonic()
    if (dueMs > 0) await clock.sleep(dueMs)
    const batch = new OutputBatch()
    this.#target.write(letters, batch)
    for (const { letter } of letters) batch.add(markerOf(letter))
    await writeTogether(this.#producer, batch, clock)
    this.#sent += letters.length
  }

  tell(replayed: number, share: number): void {
    const nowMs = this.#bench.clock.monotonic()
    if (nowMs - this.#toldAtMs < PROGRESS_MS) return
    this.#toldAtMs = nowMs
    this.#bench.note(`${replayed} replayed, ${Math.floor(share * 100)} % of the queue read\n`)
  }
}

function* transactionsOf(letters: readonly Judged[], rate: number): Generator<readonly Judged[]> {
  const lettersMax = Math.max(1, Math.min(TRANSACTION_LETTERS, Math.floor(rate)))
  let part: Judged[] = []
  let bytes = 0
  for (const each of letters) {
    const size = each.letter.record.value?.length ?? 0
    if (part.length === lettersMax || (part.length > 0 && bytes + size > TRANSACTION_BYTES)) {
      yield part
      part = []
      bytes = 0
    }
    part.push(each)
    bytes += size
  }
  if (part.length > 0) yield part
}
