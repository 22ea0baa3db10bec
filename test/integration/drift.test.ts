import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { engagementEvent } from '../../scripts/train/engagement.ts'
import { parseReport } from '../../src/drift/report-json.ts'
import type { DriftReport } from '../../src/drift/report.ts'
import { ENGAGEMENT_SPEC } from '../fixtures/specs.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { millrace, startMillrace } from '../harness/command.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { Random } from '../simulation/random.ts'

/** Events of a window: an hour and a half of the stream that the model was trained on. */
const WINDOW = 1_300
/** Windows of the features fill within the first of them, and are steady from the second on. */
const STEADY_WINDOWS = 3

/** Events `from` until before `to` of that stream, `value` as many times as large. */
function events(from: number, to: number, times: number, random: Random): NewRecord[] {
  return Array.from({ length: to - from }, (_, at): NewRecord => {
    const event = engagementEvent(ENGAGEMENT_SPEC, from + at, () => random.next())
    const [action, value] = event.values
    const body = { user_id: event.key, action, value: Number(value) * times }
    return {
      partition: 0,
      key: event.key,
      value: Buffer.from(JSON.stringify(body)),
      timestampMs: event.timeMs,
    }
  })
}

test('drift is told when the input shifts, and by status, metrics and command alike; before, nothing is', async (t) => {
  const bed = await createBed({ format: 'json' })
  const env = { ...bed.env, DRIFT_WINDOW_RECORDS: String(WINDOW), COMMIT_MAX_RECORDS: '100' }
  const service = new ServiceProcess(t, { ...env, BATCH_MAX_RECORDS: '100' })
  const url = await service.url()
  const random = new Random(3)
  let written = 0

  /** Writes a window more. @returns what is told of it */
  async function next(times: number): Promise<DriftReport> {
    await bed.write(events(written, written + WINDOW, times, random))
    written += WINDOW
    await service.statusIs(`${written} predictions`, ({ totals }) => totals.predicted === written)
    const status: unknown = await (await fetch(`${url}/status.json`)).json()
    assert.ok(typeof status === 'object' && status !== null && 'drift' in status)
    return parseReport(status.drift)
  }

  for (let window = 0; window < STEADY_WINDOWS; window++) {
    const { series, window: shown } = await next(1)
    if (window === 0) continue
    assert.deepEqual([shown.isComplete, shown.records], [true, WINDOW])
    for (const { name, verdict, psi, threshold } of series) {
      assert.equal(verdict, 'steady', `${name}: psi ${psi}, bound ${threshold}`)
    }
  }
  const quiet = await startMillrace(t, ['drift', '--from', url], {}).ended
  assert.equal(quiet.status, 0, quiet.stdout + quiet.stderr)

  await next(2)
  const { series } = await next(2)
  const verdicts = Object.fromEntries(series.map(({ name, verdict }) => [name, verdict]))
  assert.equal(verdicts['avg_value_1h'], 'drift')
  assert.equal(verdicts['event_count_1h'], 'steady')
  const told = await startMillrace(t, ['drift', '--from', url], {}).ended
  assert.equal(told.status, 7, told.stdout + told.stderr)
  assert.match(told.stdout, /^avg_value_1h .* drift$/m)
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /^millrace_drift_detected\{.*name="avg_value_1h"\} 1$/m)
  assert.match(metrics, /^millrace_drift_detected\{.*name="event_count_1h"\} 0$/m)
  const counted = [
    ...metrics.matchAll(/^millrace_drift_records_total\{.*kind="score".*\} (\d+)$/gm),
  ]
  assert.equal(
    counted.reduce((sum, [, count]) => sum + Number(count), 0),
    written,
  )
  await service.stop()
  await makesReference(t, bed, written)
})

/** The audit log of the service, as a console consumer prints it, makes a reference of all its events. */
async function makesReference(t: TestContext, bed: Bed, many: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-reference-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp('models/engagement', folder, { recursive: true })
  const audits = (await bed.read('audit')).map(({ value }) => `${String(value)}\n`).join('')
  const options = ['drift', 'reference', '-', '--json']
  const { status, stdout, stderr } = await millrace(options, { MODEL_DIR: folder }, audits)
  assert.equal(status, 0, stdout + stderr)
  const { rows, isDayJudged } = JSON.parse(stdout)
  assert.deepEqual([rows, isDayJudged], [many, true])
}
