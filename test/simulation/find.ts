/**
 * Runs seeds until one fails: `node test/simulation/find.ts FIRST COUNT`. Prints the failing one, and
 * ends with status 1 when none does.
 */
import { runSeed } from './run-seed.ts'

const [first = 1, count = 1] = process.argv.slice(2).map(Number)
process.exitCode = 1
for (let seed = first; seed < first + count; seed++) {
  const { failures } = await runSeed(seed)
  if (failures.length === 0) continue
  process.stdout.write(`${seed}\n`)
  process.exitCode = 0
  break
}
