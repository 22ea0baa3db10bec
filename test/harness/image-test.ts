import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { startEngine } from './engine.ts'
import type { Engine } from './engine.ts'

/** The first build of a machine compiles the Kafka binding. */
const BUILD_MS = 1_500_000
/** Builds, and containers that wait for each other. */
const TEST_MS = 900_000

/** Declares a test that is given the engine. */
export type ImageTest = (
  name: string,
  run: (t: TestContext, engine: Engine) => Promise<void>,
) => void

/**
 * Starts a container engine for the tests of this file, once, and builds what they need. Where no engine
 * starts it says so, and the tests declared with what this returns are skipped: `SKIPPABLE` of
 * `scripts/test-counts.ts` names them, no others may be.
 */
export function imageTests(build: (engine: Engine) => Promise<void>): ImageTest {
  let engine: Engine | undefined
  let missing = ''
  before(
    async () => {
      const started = await startEngine()
      if ('missing' in started) {
        missing = `no container engine: ${started.missing}`
        process.stdout.write(`\nTHE IMAGE IS NOT TESTED HERE: ${missing}\n\n`)
        return
      }
      engine = started
      await build(engine)
    },
    { timeout: BUILD_MS },
  )
  after(() => engine?.stop())
  return (name, run) => {
    test(name, { timeout: TEST_MS }, async (t) => {
      if (engine === undefined) return t.skip(missing)
      await run(t, engine)
    })
  }
}
