import type { OutputBatch } from '../../sink/output-batch.ts'
import type { Judge, Judged } from './judge.ts'
import { type Letter, replayOf } from './letter.ts'

/** Where a replay can go, as `--to` names it. */
export const TARGETS = ['input', 'predictions'] as const
export type TargetName = (typeof TARGETS)[number]

/** Where letters are replayed to: who judges them, and what is written for them. */
export interface ReplayTarget {
  /** Verdicts in the order of the letters, which must be ours. @throws as `Judge.judge` */
  judge(letters: readonly Letter[]): Promise<readonly Judged[]>
  /** Adds what brings these back, but for their markers. They are of the last call of `judge`. */
  write(chosen: readonly Judged[], into: OutputBatch): void
}

/** Back to the input topic, for the service to answer. */
export class InputTarget implements ReplayTarget {
  readonly #judge: Judge

  constructor(judge: Judge) {
    this.#judge = judge
  }

  judge(letters: readonly Letter[]): Promise<readonly Judged[]> {
    return this.#judge.judge(letters)
  }

  write(chosen: readonly Judged[], into: OutputBatch): void {
    for (const { letter } of chosen) into.add(replayOf(letter))
  }
}
