/**
 * Trains the shipped models on rows that Millrace's own feature engine computes, and measures them
 * with the scorer that serves them.
 *
 *     node scripts/train.ts [model…]
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ModelSpec } from '../src/domain/model-spec.ts'
import { referenceOf, referenceText } from '../src/drift/make-reference.ts'
import { parseModelSpec } from '../src/features/spec.ts'
import { replaceBetween } from './docs/markdown.ts'
import { engagementPlan } from './train/engagement.ts'
import { figuresTables, judge } from './train/figures.ts'
import type { Figures } from './train/figures.ts'
import { flightDelayPlan } from './train/flight-delay.ts'
import type { Plan } from './train/plan.ts'
import { runPython } from './train/python.ts'
import { computeRows, writeRows } from './train/rows.ts'
import { scoreAll, serve } from './train/served.ts'

const MODELS = resolve(import.meta.dirname, '../models')
const PLANS: Readonly<Record<string, (spec: ModelSpec) => Plan | Promise<Plan>>> = {
  engagement: engagementPlan,
  'flight-delay': flightDelayPlan,
}

const asked = process.argv.slice(2)
for (const name of asked.length > 0 ? asked : Object.keys(PLANS)) await train(name)

async function train(name: string): Promise<void> {
  const plan = PLANS[name]
  if (plan === undefined) {
    throw new Error(`no model "${name}"; there are ${Object.keys(PLANS).join(', ')}`)
  }
  const startedAt = performance.now()
  const tell = (text: string): void => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)
    process.stderr.write(`${seconds} s  ${name}: ${text}\n`)
  }
  const folder = join(MODELS, name)
  const specFile = join(folder, 'model.yaml')
  const spec = parseModelSpec(readFileSync(specFile, 'utf8'), specFile)
  const { examples, isTest, parameters, baselines } = await plan(spec)
  tell(`computing the features of ${examples.length} events`)
  const training = computeRows(spec, examples, (index) => !isTest(index))
  const test = computeRows(spec, examples, isTest)
  const alone = computeRows(
    spec,
    examples.filter((_, index) => isTest(index)),
  )
  const trainingFolder = join(folder, 'training')
  writeRows(trainingFolder, 'train', training)
  writeRows(trainingFolder, 'test', test)
  const columns = spec.features.map((feature) => feature.name)
  const meta = { name, columns, parameters, baselines }
  writeFileSync(join(trainingFolder, 'meta.json'), JSON.stringify(meta))
  tell('training')
  runPython('train.py', [folder])
  tell('scoring the test rows as the service does')
  const modelFile = join(folder, spec.model.file)
  const figures: Figures = {
    trainRows: training.labels.length,
    testRows: test.labels.length,
    testPositives: test.labels.reduce((sum, label) => sum + label, 0) / test.labels.length,
    modelBytes: statSync(modelFile).size,
    ...judge([...(await scoreAll(modelFile, spec, test))], [...test.labels]),
    aucTestAlone: judge([...(await scoreAll(modelFile, spec, alone))], [...alone.labels]).auc,
    ...JSON.parse(readFileSync(join(trainingFolder, 'baselines.json'), 'utf8')),
  }
  writeFileSync(join(folder, 'figures.json'), `${JSON.stringify(figures, undefined, 2)}\n`)
  const readme = join(folder, 'README.md')
  const text = readFileSync(readme, 'utf8')
  writeFileSync(readme, replaceBetween(text, 'figures', figuresTables(figures)))
  tell('measuring the reference of drift')
  const to = examples.findIndex((_, index) => isTest(index))
  const served = await serve({ spec, modelFile }, examples, { from: 0, to })
  writeFileSync(join(folder, 'reference.json'), referenceText(referenceOf(spec, served)))
  tell(`AUC ${figures.auc.toFixed(4)}, Brier ${figures.brier.toFixed(4)}`)
}
