import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { figuresTables, readFigures } from '../../scripts/train/figures.ts'
import { parseReference } from '../../src/drift/reference.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { parseGolden, selfTest } from '../../src/inference/golden.ts'
import { loadModelFolder } from '../../src/inference/model-folder.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MODEL_BYTES_MAX = 2_000_000
const SHIPPED = readdirSync(join(ROOT, 'models')).map((name) => join(ROOT, 'models', name))
const BENCH = join(ROOT, 'bench/model')

for (const folder of [...SHIPPED, BENCH]) {
  test(`${folder.slice(ROOT.length + 1)} reproduces its golden rows, whatever the batch`, async (t) => {
    const { spec, goldenText, goldenFile, modelFile } = await loadModelFolder(
      folder,
      parseModelSpec,
    )
    assert.ok(statSync(modelFile).size < MODEL_BYTES_MAX)
    const scorer = await startScorer({ modelFile, spec, threads: 1 })
    t.after(() => scorer.close())
    const found = await selfTest(scorer, parseGolden(goldenText, goldenFile, spec))
    assert.equal(found.isBatchInvariant, true)
  })
}

for (const folder of SHIPPED) {
  test(`${folder.slice(ROOT.length + 1)} says in its README what was measured`, () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    assert.ok(readme.includes(figuresTables(readFigures(folder))))
  })
}

for (const folder of SHIPPED) {
  test(`${folder.slice(ROOT.length + 1)} has a reference of all its columns, by which a day can be judged`, async () => {
    const {
      spec,
      referenceText = '',
      referenceFile,
    } = await loadModelFolder(folder, parseModelSpec)
    const { numbers, categories, scores, rows, spanMs } = parseReference(
      referenceText,
      referenceFile,
      spec,
    )
    const columns = [
      ...numbers.map(({ name }) => name),
      ...categories.flatMap((each) => each.columns),
    ]
    assert.deepEqual(columns.toSorted(), spec.features.map(({ name }) => name).toSorted())
    const aDay = (rows * 86_400_000) / spanMs
    for (const { name, calibration } of [...numbers, ...categories, ...scores]) {
      assert.ok(
        calibration.some(({ records }) => records > aDay / 8 && records < aDay),
        name,
      )
    }
  })
}
