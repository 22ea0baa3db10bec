/**
 * Runs test files in the order given, which `node --test` does not: it sorts them by name. Prints what
 * it prints with its `spec` reporter, and ends as it does, with 1 when a test fails.
 *
 *     node scripts/test-files.ts files-at-once timeout-ms file…
 */
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const [atOnce, timeoutMs, ...files] = process.argv.slice(2)
run({ files, concurrency: Number(atOnce), timeout: Number(timeoutMs) })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(spec)
  .pipe(process.stdout)
