import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCeiling } from '../../bench/ceiling.ts'
import { Progress } from '../../bench/progress.ts'
import { fill, requireExactlyOnce, runWork } from '../../bench/work.ts'
import { testbedAddresses } from '../harness/bed.ts'

const EVENTS = 100_000
const ROUNDS_MAX = 3
/**
 * Least shares of the ceiling, V8's warm-up included. Measured on two cores: 0.24 to 0.26 of the rate and
 * 0.22 to 0.24 of CPU time; with thirty programs waiting for the cores 0.14 to 0.30 and 0.22 to 0.25.
 */
const LEAST = { rate: 0.15, cpu: 0.15 } as const

test('the service has its share of what the same client does without the work', async (t) => {
  const options = {
    cluster: testbedAddresses(),
    events: EVENTS,
    screen: new Progress(),
  }
  const shares: { rate: number; cpu: number }[] = []
  const isReached = (): boolean =>
    shares.some(({ rate }) => rate >= LEAST.rate) && shares.some(({ cpu }) => cpu >= LEAST.cpu)
  for (let round = 1; round <= ROUNDS_MAX && !isReached(); round++) {
    const topics = await fill(options, `share-${round}`)
    const ceiling = await runCeiling(options.cluster, topics.input, EVENTS)
    const service = await runWork(options, topics)
    await requireExactlyOnce(options.cluster, topics)
    shares.push({
      rate: service.eventsPerSecond / ceiling.eventsPerSecond,
      cpu: ceiling.cpuSecondsPerMillion / service.cpuSecondsPerMillion,
    })
  }
  const told = shares.map(({ rate, cpu }) => `rate ${rate.toFixed(2)}, CPU ${cpu.toFixed(2)}`)
  t.diagnostic(told.join('; '))
  assert.ok(isReached(), `shares of the ceiling: ${told.join('; ')}`)
})
