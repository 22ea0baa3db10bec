import { unreachable } from '../../domain/errors.ts'
import { formatTable, printable } from '../table.ts'
import type { Verdict } from './judge.ts'
import { nameOf } from './place.ts'
import type { Letter } from './letter.ts'
import type { TargetName } from './target.ts'

/** Why a letter is not replayed, whatever would become of it. */
export type Barrier = 'elsewhere' | 'exhausted'

interface Counts {
  /** Chosen, and not replayed before. */
  letters: number
  pass: number
  unsure: number
  late: number
  /** Tombstones that the service passes over by now. */
  skipped: number
  fail: number
  /** Came from another topic than the input topic. */
  elsewhere: number
  /** Has been replayed `DLQ_MAX_REPLAYS` times. */
  exhausted: number
}

interface Failure {
  readonly reason: string
  readonly becomes: string
  letters: number
  /** One of them, and what is wrong with it. */
  readonly example: string
  readonly detail: string
}

/** What a replay did, or with `--dry-run` would do. */
export class ReplayReport {
  readonly #byReason = new Map<string, Counts>()
  readonly #failures = new Map<string, Failure>()
  replayed = 0
  replayedBefore = 0
  /** Of those that would pass, older than the newest event their partition has answered. */
  behind = 0
  #behindMsMax = 0
  readonly #to: TargetName
  /** Records of the input topic that are not answered yet, at most. */
  readonly #backlog: number
  #lateMsMax = 0

  constructor(to: TargetName, backlog: number) {
    this.#to = to
    this.#backlog = backlog
  }

  /** A letter that cannot be replayed. */
  bar({ reason }: Letter, barrier: Barrier): void {
    const counts = this.#counts(reason)
    counts.letters += 1
    counts[barrier] += 1
  }

  /** A letter that was judged. */
  judged(letter: Letter, verdict: Verdict): void {
    const counts = this.#counts(letter.reason)
    counts.letters += 1
    counts[verdict.kind] += 1
    switch (verdict.kind) {
      case 'fail':
        return this.#fail(letter, verdict.letter)
      case 'late':
        this.#lateMsMax = Math.max(this.#lateMsMax, verdict.byMs)
        return
      case 'pass':
      case 'unsure':
        if (verdict.behindMs > 0) this.behind += 1
        this.#behindMsMax = Math.max(this.#behindMsMax, verdict.behindMs)
        return
      case 'skipped':
        return
      default:
        unreachable(verdict)
    }
  }

  get total(): Counts {
    const total = none()
    for (const counts of this.#byReason.values()) {
      for (const [name] of COLUMNS) total[name] += counts[name]
    }
    return total
  }

  toJson(isDryRun: boolean): string {
    const { replayed, replayedBefore, behind } = this
    const report = {
      to: this.#to,
      dryRun: isDryRun,
      replayed,
      replayedBefore,
      total: this.total,
      byReason: Object.fromEntries(this.#byReason),
      failures: [...this.#failures.values()],
      behind,
      behindMsMax: this.#behindMsMax,
      lateMsMax: this.#lateMsMax,
      backlog: this.#backlog,
    }
    return `${JSON.stringify(report, undefined, 2)}\n`
  }

  toText(isDryRun: boolean): string {
    const { total } = this
    if (total.letters === 0)
      return `nothing to replay; ${this.replayedBefore} of those asked for were replayed before\n`
    const rows = [...this.#byReason, ['all', total] as const].map(([reason, counts]) => [
      reason,
      ...COLUMNS.map(([name]) => String(counts[name])),
    ])
    const table = formatTable([['REASON', ...COLUMNS.map(([, title]) => title)], ...rows])
    const remarks = this.#remarks().join('')
    const parts = remarks === '' ? [table] : [table, remarks]
    return [...parts, `${this.#conclusion(isDryRun)}\n`].join('\n')
  }

  #conclusion(isDryRun: boolean): string {
    const { letters, pass } = this.total
    const share = Math.floor((pass / letters) * 100)
    const before =
      this.replayedBefore > 0 ? `; ${this.replayedBefore} more were replayed before` : ''
    if (isDryRun) return `${share} % of ${letters} letters would pass${before}; nothing was written`
    return `${this.replayed} of ${letters} letters were replayed${before}`
  }

  #remarks(): string[] {
    const { late, unsure, exhausted, elsewhere } = this.total
    const remarks: string[] = []
    for (const { reason, becomes, letters, example, detail } of this.#failures.values()) {
      remarks.push(
        `${letters} of ${reason} fail again with ${becomes}, e.g. ${example}: ${printable(detail)}\n`,
      )
    }
    if (late > 0) {
      remarks.push(`${late} are late by now, by up to ${this.#lateMsMax} ms: ${LATE[this.#to]}\n`)
    }
    if (unsure > 0)
      remarks.push(
        `${unsure} were turned down by the model; whether it takes them now shows when they are replayed\n`,
      )
    if (exhausted > 0)
      remarks.push(`${exhausted} have been replayed DLQ_MAX_REPLAYS times and stay\n`)
    if (elsewhere > 0) remarks.push(`${elsewhere} did not come from INPUT_TOPIC and stay\n`)
    if (this.behind > 0) {
      remarks.push(
        `${this.behind} are older than the newest event their partition has answered, by up to ` +
          `${this.#behindMsMax} ms: their windows hold the events of their keys up to their own time, and ` +
          'answers given meanwhile, without them, stay as they are\n',
      )
    }
    // What is answered where it was read is not late by what comes after.
    if (this.#backlog > 0 && this.#to === 'input') {
      remarks.push(
        `up to ${this.#backlog} records of INPUT_TOPIC are not answered yet, and will be before these: what ` +
          'they hold may make more of them late\n',
      )
    }
    return remarks
  }

  #fail(letter: Letter, { reason: becomes, detail }: { reason: string; detail: string }): void {
    const { reason } = letter
    const name = `${reason} ${becomes}`
    const known = this.#failures.get(name)
    if (known !== undefined) known.letters += 1
    else this.#failures.set(name, { reason, becomes, letters: 1, example: nameOf(letter), detail })
  }

  #counts(reason: string): Counts {
    const counts = this.#byReason.get(reason) ?? none()
    this.#byReason.set(reason, counts)
    return counts
  }
}

/** What becomes of late letters. */
const LATE = {
  input: 'replayed they go to the late topic, so they are left here unless --include-late is given',
  predictions:
    'they were not decoded when they were read, so nobody knows whether they were late then; they are ' +
    'left here unless --include-late is given, which scores them',
} as const satisfies Readonly<Record<TargetName, string>>

const COLUMNS = [
  ['letters', 'LETTERS'],
  ['pass', 'PASS'],
  ['unsure', 'UP TO MODEL'],
  ['late', 'LATE'],
  ['skipped', 'SKIPPED'],
  ['fail', 'FAIL'],
  ['exhausted', 'TOO OFTEN'],
  ['elsewhere', 'OTHER TOPIC'],
] as const satisfies readonly (readonly [keyof Counts, string])[]

function none(): Counts {
  return {
    letters: 0,
    pass: 0,
    unsure: 0,
    late: 0,
    skipped: 0,
    fail: 0,
    elsewhere: 0,
    exhausted: 0,
  }
}
