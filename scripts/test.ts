/**
 * Runs the tests, group by group, the real ones on one shared testbed. Each group is a folder of `test/`
 * under Node's own test runner; `check` is what `npm run check` does besides its own tests.
 *
 *     node scripts/test.ts [group…]
 *     node scripts/test.ts all        # chart, collector and image too, which build more than they test
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { countChecks, countTests } from './test-counts.ts'
import { longestFirst } from './test-order.ts'
import { startTestbed } from './testbed/testbed.ts'
import type { Testbed } from './testbed/testbed.ts'

const ROOT = resolve(import.meta.dirname, '..')
/** Groups that run only when they are named, or with `all`. */
const ASKED_FOR: ReadonlySet<string> = new Set(['chart', 'collector', 'image'])
/**
 * Groups with whether they need broker and registry, and how many files may run at once. Neighbours alike
 * in both run as one, so that no core idles while the last file of a group ends.
 */
const GROUPS = {
  check: { isReal: false, atOnce: 1 },
  tidy: { isReal: false, atOnce: 1 },
  unit: { isReal: false, atOnce: 2 },
  property: { isReal: false, atOnce: 2 },
  simulation: { isReal: false, atOnce: 2 },
  // Its topics job makes topics.
  chart: { isReal: true, atOnce: 1 },
  contract: { isReal: true, atOnce: 2 },
  // They mostly wait: for sessions to end, for brokers to come back.
  integration: { isReal: true, atOnce: 3 },
  guide: { isReal: true, atOnce: 3 },
  // A real browser on the page of a real service.
  browser: { isReal: true, atOnce: 1 },
  // Bounds on time: alone on the machine.
  timing: { isReal: true, atOnce: 1 },
  collector: { isReal: true, atOnce: 1 },
  image: { isReal: true, atOnce: 1 },
} as const satisfies Record<string, { isReal: boolean; atOnce: number }>
type Group = keyof typeof GROUPS
type Alike = readonly [Group, ...Group[]]

const TEST_TIMEOUT_MS = 180_000
const NAMES_WIDTH = 27
const CHECKS = ['scripts/check.ts', 'types', 'page', 'lint', 'format', 'unused']

interface Result {
  readonly groups: readonly Group[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

const asked = process.argv.slice(2)
const isAll = asked.includes('all')
const groups = (Object.keys(GROUPS) as Group[]).filter((group) =>
  asked.length === 0 ? !ASKED_FOR.has(group) : isAll || asked.includes(group),
)
process.exitCode = await main()

async function main(): Promise<number> {
  const unknown = asked.find((name) => name !== 'all' && !(name in GROUPS))
  if (unknown !== undefined) {
    process.stderr.write(`no group "${unknown}"; there are ${Object.keys(GROUPS).join(', ')}\n`)
    return 2
  }
  const results: Result[] = []
  let testbed: Testbed | undefined
  try {
    for (const alike of neighboursAlike()) {
      if (GROUPS[alike[0]].isReal) testbed ??= await startTestbed()
      process.stdout.write(`\n# ${alike.join(', ')}\n`)
      results.push(await runGroups(alike, testbed))
    }
  } finally {
    await testbed?.stop(results.some(({ failed }) => failed > 0))
  }
  return report(results, testbed)
}

/** The groups to run, in their order, those together that run as one. */
function neighboursAlike(): readonly Alike[] {
  const all: [Group, ...Group[]][] = []
  for (const group of groups) {
    const last = all.at(-1)
    if (last !== undefined && isAlike(last[0], group)) last.push(group)
    else all.push([group])
  }
  return all
}

function isAlike(one: Group, other: Group): boolean {
  const [a, b] = [GROUPS[one], GROUPS[other]]
  return one !== 'check' && a.isReal === b.isReal && a.atOnce === b.atOnce
}

async function runGroups(alike: Alike, testbed: Testbed | undefined): Promise<Result> {
  const startedAt = performance.now()
  const isCheck = alike[0] === 'check'
  const { status, output } = await run(isCheck ? CHECKS : testArguments(alike), testbed)
  const { passed, failed, skipped } = isCheck ? countChecks(output) : countTests(output)
  const ran = passed + failed + skipped
  // A runner that died, or a count that cannot be read, is a failure too.
  const isSound = Number.isInteger(passed) && Number.isInteger(failed) && ran > 0
  const counted = isSound ? failed : 1
  return {
    groups: alike,
    passed: isSound ? passed : 0,
    failed: status === 0 ? counted : Math.max(1, counted),
    skipped: isSound ? skipped : 0,
    seconds: (performance.now() - startedAt) / 1000,
  }
}

function testArguments(alike: Alike): readonly string[] {
  const files = alike.flatMap((group) => globSync(`test/${group}/**/*.test.ts`, { cwd: ROOT }))
  const { atOnce } = GROUPS[alike[0]]
  return ['scripts/test-files.ts', `${atOnce}`, `${TEST_TIMEOUT_MS}`, ...longestFirst(files)]
}

function run(
  args: readonly string[],
  testbed: Testbed | undefined,
): Promise<{ status: number | null; output: string }> {
  const env = {
    ...process.env,
    UV_THREADPOOL_SIZE: '16',
    ...(testbed !== undefined && {
      TEST_KAFKA_BROKERS: testbed.brokers,
      TEST_REGISTRY_URL: testbed.registryUrl,
    }),
  }
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      output = (output + text).slice(-100_000)
      process.stdout.write(text)
    })
    child.once('error', reject)
    child.once('close', (status) => done({ status, output }))
  })
}

function report(results: readonly Result[], testbed: Testbed | undefined): number {
  process.stdout.write('\n')
  for (const { groups: alike, passed, failed, seconds } of results) {
    const columns = [
      alike.join(', ').padEnd(NAMES_WIDTH),
      `${passed}`.padStart(5),
      `${failed}`.padStart(4),
    ]
    process.stdout.write(`${columns.join(' ')}   ${seconds.toFixed(1)} s\n`)
  }
  const total = (pick: (result: Result) => number) =>
    results.reduce((sum, result) => sum + pick(result), 0)
  const failed = total((result) => result.failed)
  if (failed > 0 && testbed?.folder !== undefined) {
    process.stdout.write(`logs of the testbed are kept in ${testbed.folder}\n`)
  }
  const skipped = total((result) => result.skipped)
  const aside = skipped > 0 ? `, ${skipped} SKIPPED: no container engine starts here` : ''
  process.stdout.write(`${total((result) => result.passed)} passed, ${failed} failed${aside}\n`)
  return failed > 0 ? 1 : 0
}
