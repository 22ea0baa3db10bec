import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { engagementPlan } from '../../scripts/train/engagement.ts'
import { computeRows } from '../../scripts/train/rows.ts'
import { parseModelSpec } from '../../src/features/spec.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SHIPPED = join(ROOT, 'models/engagement')

/** The rows that the shipped model was trained on, as a notebook would write them. */
async function trainingCsv(): Promise<string> {
  const spec = parseModelSpec(await readFile(join(SHIPPED, 'model.yaml'), 'utf8'), 'model.yaml')
  const { examples, isTest } = engagementPlan(spec)
  const trained = examples.filter((_, index) => !isTest(index))
  const { values, columns } = computeRows(spec, trained)
  const lines = trained.map(({ event }, row) =>
    [
      new Date(event.timeMs).toISOString(),
      ...values.subarray(row * columns, (row + 1) * columns),
    ].join(),
  )
  return `${['seen_at', ...spec.features.map(({ name }) => name)].join()}\n${lines.join('\n')}\n`
}

function run(
  folder: string,
  ...options: readonly string[]
): Promise<{ readonly status: unknown; readonly printed: string }> {
  const args = [join(ROOT, 'src/main.ts'), 'drift', 'reference', ...options]
  // Nothing but the model folder is needed: no broker, no registry.
  const env = { PATH: process.env['PATH'] ?? '', MODEL_DIR: folder }
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : error.code, printed: stdout + stderr })
    })
  })
}

test('the command makes of the training rows the reference that `make train` made, to the byte', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-reference-'))
  t.after(() => rm(folder, { recursive: true }))
  const model = join(folder, 'model')
  await cp(SHIPPED, model, { recursive: true })
  await rm(join(model, 'reference.json'))
  const before = await readdir(model)
  const rows = join(folder, 'rows.csv')
  await writeFile(rows, await trainingCsv())

  const misnamed = await run(model, rows, '--time', 'occurred_at')
  assert.equal(misnamed.status, 2, misnamed.printed)
  assert.match(misnamed.printed, /rows\.csv:2: there is no column "occurred_at"/)
  const absent = await run(model, join(folder, 'none.csv'), '--time', 'seen_at')
  assert.equal(absent.status, 2, absent.printed)
  assert.match(absent.printed, /cannot read .*none\.csv: ENOENT/)
  const nowhere = await run('', rows, '--time', 'seen_at')
  assert.deepEqual([nowhere.status, nowhere.printed], [2, 'MODEL_DIR is required\n'])
  assert.deepEqual(await readdir(model), before)

  const made = await run(model, rows, '--time', 'seen_at')
  assert.equal(made.status, 0, made.printed)
  const [own, shipped] = await Promise.all(
    [model, SHIPPED].map((each) => readFile(join(each, 'reference.json'), 'utf8')),
  )
  assert.equal(own, shipped)
})
