import type { OutputRecord } from '../../src/domain/record.ts'
import type { Location } from '../../src/loop/locate.ts'
import type { OffsetCommit } from '../../src/sink/port.ts'
import type { InputLog } from './input-log.ts'
import type { StateLog } from './state-log.ts'
import { TOPICS } from './topics.ts'
import { BREAKER } from './settings.ts'
import type { World } from './world.ts'

/** Where the service was allowed to go on although something was missing. */
export interface Gap {
  /** Records from here up to `to` were deleted before they were answered; none when they are equal. */
  readonly from: number
  readonly to: number
  /** From `to` on the windows hold only events from this offset on; `undefined`: nothing is forgotten. */
  readonly seesFrom: number | undefined
}

/** The logs that a commit is held against. */
export interface Logs {
  readonly inputs: readonly InputLog[]
  readonly states: readonly StateLog[]
}

/** What a unit of work has answered. */
interface Counts {
  readonly deadLetters: number
  readonly records: number
}

/** A partition's answers in one commit, and the committed offset before it. */
interface Step {
  readonly partition: number
  readonly from: number
  /** Offset of the first answer. */
  readonly start: number
  readonly told: Location | undefined
}

/** Looks at each commit as it takes effect: offsets and answers agree, nothing is passed over unsaid. */
export class CommitWatch {
  /** What instances may do for now, and whether they take the changelog for another's: as the operator has it. */
  readonly allowed = { gaps: false, floods: false, otherState: false }
  readonly #world: World
  readonly #logs: Logs
  readonly #committed: number[]
  readonly #gaps: Gap[][]
  /** Of each instance, units committed so far. */
  readonly #units = new Map<string, Counts[]>()
  /** Where each instance said it begins, until its first commit from there. */
  readonly #told = new Map<string, Location>()

  constructor(world: World, logs: Logs) {
    this.#world = world
    this.#logs = logs
    this.#committed = logs.inputs.map(() => 0)
    this.#gaps = logs.inputs.map(() => [])
  }

  /** What was missing of a partition, in order; records at its end that are gone are told as well. */
  gapsOf(partition: number): readonly Gap[] {
    const committed = this.#committed[partition] ?? 0
    const { first = 0 } = this.#logs.inputs[partition]?.bounds ?? {}
    const atEnd = first > committed ? [{ from: committed, to: first, seesFrom: undefined }] : []
    return [...(this.#gaps[partition] ?? []), ...atEnd]
  }

  /** An instance says where it begins to read a partition. */
  located(name: string, location: Location): void {
    this.#told.set(`${name}-${location.partition}`, location)
  }

  /** @param offsets those of the transaction that holds the records */
  check(
    name: string,
    offsets: ReadonlyMap<number, OffsetCommit>,
    records: readonly OutputRecord[],
  ): void {
    const answers = this.#committed.map(() => 0)
    let deadLetters = 0
    for (const { topic, partition } of records) {
      if (topic === TOPICS.audit) answers[partition] = (answers[partition] ?? 0) + 1
      else if (topic === TOPICS.deadLetters) deadLetters += 1
    }
    this.#judge(name, { deadLetters, records: answers.reduce((sum, count) => sum + count, 0) })
    for (const [partition, count] of answers.entries()) {
      const offset = offsets.get(partition)?.offset
      if (offset !== undefined) this.#advance(name, partition, { count, offset })
      else if (count > 0) this.#world.fail(`${count} answers of ${partition}, and no offset`)
    }
  }

  /**
   * However many of the units before it the instance has in mind: is it a flood? It may be new, and it
   * counts from when it got to know of a commit.
   */
  #judge(name: string, unit: Counts): void {
    const units = this.#units.get(name) ?? []
    this.#units.set(name, units)
    units.push(unit)
    let { deadLetters, records } = unit
    for (let back = units.length - 1; isFlood({ deadLetters, records }); back -= 1) {
      const earlier = units[back - 1]
      if (earlier === undefined) {
        if (!this.allowed.floods) this.#world.fail(`a flood is committed: ${JSON.stringify(unit)}`)
        return
      }
      deadLetters += earlier.deadLetters
      records += earlier.records
    }
  }

  #advance(
    name: string,
    partition: number,
    { count, offset }: { readonly count: number; readonly offset: number },
  ): void {
    const from = this.#committed[partition] ?? 0
    // A partition that is being read back stands where it stood, for as long as that takes.
    if (count === 0 && offset === from && this.#isReadBack(name, partition)) {
      this.#world.reach('committed-amid-replay')
      return
    }
    // Offsets of aborted transactions need no answer.
    const unanswered = this.#logs.inputs[partition]?.visible(from, offset) ?? []
    const isAll = count === unanswered.length
    const told = this.#told.get(`${name}-${partition}`)
    this.#told.delete(`${name}-${partition}`)
    // A gap may have held nothing but aborted records, which the service cannot know.
    const isEmptyGap = told?.gap !== undefined && !this.#holds(partition, from, told.start)
    const first = isEmptyGap ? Math.max(from, told.start) : from
    const start = isAll ? first : (unanswered.at(-count)?.offset ?? offset - count)
    this.#committed[partition] = offset
    const step = { partition, from, start, told }
    if (count === 0 || count > unanswered.length) {
      this.#world.fail(`partition ${partition} is at ${from}, then answers ${start} to ${offset}`)
    } else if (start > from || told?.gap !== undefined) this.#goesOn(step)
    else if (told !== undefined && told.start < told.replayUntil) this.#recalls(step, told.start)
  }

  #isReadBack(name: string, partition: number): boolean {
    const told = this.#told.get(`${name}-${partition}`)
    return told !== undefined && told.start < told.replayUntil
  }

  /** Something is missing: it must be gone, and the instance allowed to go on, and must have said so. */
  #goesOn(step: Step): void {
    const { partition, from, start, told } = step
    const isNew = from === 0 && told?.lostBefore !== undefined && told.lostBefore > 0
    const isAccepted = told?.gap !== undefined
    const isForgetful = isAccepted && told.changelog === undefined
    const isHere = told !== undefined && told.start <= start
    const isSaid = isHere && !this.#holds(partition, told.start, start) && (isAccepted || isNew)
    if (!isSaid || !(isNew || this.allowed.gaps) || !this.#isGone(step, isForgetful)) {
      const facts = { from, start, isNew, isForgetful, isSaid, ...this.allowed }
      this.#world.fail(`partition ${partition} goes on unsaid: ${JSON.stringify(facts)}`)
    }
    const accepted = isForgetful ? 'gap-without-state' : 'gap-accepted'
    this.#world.reach(isNew ? 'gap-before-start' : accepted)
    this.#gaps[partition]?.push({ from, to: start, seesFrom: isForgetful ? start : undefined })
  }

  /** Whether nobody could have the records passed over, nor, if it is said to be forgotten, the state. */
  #isGone({ partition, from, start }: Step, isForgetful: boolean): boolean {
    const { first = 0 } = this.#logs.inputs[partition]?.bounds ?? {}
    const hasLost = this.allowed.otherState || this.#logs.states[partition]?.hasLost === true
    return !this.#holds(partition, Math.max(from, first), start) && (hasLost || !isForgetful)
  }

  /** Whether there are records to answer, whatever aborted transactions have left between them. */
  #holds(partition: number, from: number, to: number): boolean {
    return (this.#logs.inputs[partition]?.visible(from, to) ?? []).length > 0
  }

  /** After something was forgotten, what is read back once more counts again. */
  #recalls({ partition, from }: Step, seesFrom: number): void {
    const gaps = this.#gaps[partition] ?? []
    if (gaps.some((gap) => gap.seesFrom !== undefined)) gaps.push({ from, to: from, seesFrom })
  }
}

function isFlood({ deadLetters, records }: Counts): boolean {
  return records >= BREAKER.recordsMin && deadLetters > records * BREAKER.ratioMax
}
