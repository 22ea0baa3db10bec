/**
 * Runs seeds until one fails: `node test/simulation/find.ts FIRST COUNT`. Prints the failing one, how big
 * its run is, and how big once shrunk, as JSON; ends with status 1 when none fails.
 */
import { runSeed } from './run-seed.ts'
import { shrink, sizeOf } from './shrink.ts'

const [first = 1, count = 1] = process.argv.slice(2).map(Number)
process.exitCode = 1
for (let seed = first; seed < first + count; seed++) {
  const failing = await runSeed(seed)
  if (failing.failures.length === 0) continue
  const { result } = await shrink(failing)
  const isFailing = result.failures.length > 0
  const found = { seed, size: sizeOf(failing), shrunkSize: sizeOf(result), isFailing }
  process.stdout.write(`${JSON.stringify(found)}\n`)
  process.exitCode = 0
  break
}
