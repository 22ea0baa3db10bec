import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QUICK, shortfall } from '../../scripts/torture/plan.ts'
import { reportOf } from '../../scripts/torture/report.ts'
import { torture } from '../../scripts/torture/run.ts'

test('under kills, zombies, outages and lost answers every record is answered once, to the bit', async (t) => {
  const seed = Date.now() % 2 ** 31
  const result = await torture({
    seed,
    size: QUICK,
    onStep: (text) => t.diagnostic(text),
    signal: t.signal,
  })
  const again = `node scripts/torture/main.ts --quick --seed ${seed}`
  assert.deepEqual(result.failures, [], `${again}\n${reportOf(result)}\n${result.logs.join('\n')}`)
  assert.deepEqual(shortfall(QUICK.counts, result.faults), [])
  assert.deepEqual(result.ownEnds, {})
  const { records = 0, predicted = 0, late = 0, deadLetters = 0 } = result.verdict ?? {}
  assert.ok(records >= QUICK.records)
  assert.ok(predicted > 0 && late > 0 && deadLetters > 0)
})
