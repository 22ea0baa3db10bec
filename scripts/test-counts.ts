/** The tests that may be skipped, where no container engine starts: no others, in any group. */
export const SKIPPABLE: ReadonlySet<string> = new Set([
  'the compose file starts everything in order, with one command, and all of it works',
  'a container that is stopped mid-stream loses and doubles nothing',
  'a container says nothing but its log, and is healthy by its own check',
  'the image holds no compiler, no npm and nothing of other platforms',
  "the bill of materials has Debian's packages, and an entry for all that is native",
  'the image holds every file of src, of whatever kind',
  'a model is baked in by three lines, and starts without a volume',
])

/** What came of the tests of a group; NaN where the runner did not come to its closing lines. */
export interface Count {
  readonly passed: number
  /** Those that were cancelled, left to do, or skipped though they may not be, included. */
  readonly failed: number
  /** That they were skipped is right. */
  readonly skipped: number
}

/** Reads what Node's test runner prints with its `spec` reporter. */
export function countTests(output: string): Count {
  const count = (what: string): number =>
    Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1])
  const names = [...output.matchAll(/^﹣ (?<name>.*?) \([\d.]+ms\) # /gmu)]
  const skipped = names.filter(({ groups }) => SKIPPABLE.has(groups?.['name'] ?? '')).length
  return {
    passed: count('pass'),
    // What was skipped and cannot be named may not be skipped either.
    failed: count('fail') + count('cancelled') + count('todo') + count('skipped') - skipped,
    skipped,
  }
}

/** Reads what `scripts/check.ts` prints. */
export function countChecks(output: string): Count {
  const count = (verdict: string): number =>
    [...output.matchAll(new RegExp(`^\\w+ +${verdict} `, 'gm'))].length
  return { passed: count('holds'), failed: count('FAILS'), skipped: 0 }
}
