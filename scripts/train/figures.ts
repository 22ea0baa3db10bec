import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { areaUnderRoc, brierScore, calibrationTable } from '../flights/metrics.ts'
import type { CalibrationBin } from '../flights/metrics.ts'

/** What a model was measured to be worth, on rows it was not trained on. */
export interface Figures {
  readonly trainRows: number
  readonly testRows: number
  /** Share of positives among the test rows. */
  readonly testPositives: number
  readonly modelBytes: number
  readonly auc: number
  readonly brier: number
  /** AUC when windows begin empty with the first test example, as in the demo. */
  readonly aucTestAlone: number
  readonly baselines: Readonly<Record<string, Baseline>>
  readonly calibration: readonly CalibrationBin[]
}

export interface Baseline {
  readonly columns: readonly string[]
  readonly auc: number
  readonly brier: number
}

/** What was measured when the model in this folder was made. */
export function readFigures(modelFolder: string): Figures {
  return JSON.parse(readFileSync(join(modelFolder, 'figures.json'), 'utf8'))
}

/** The quality of scores, as `Figures` tell it. */
export function judge(
  scores: readonly number[],
  labels: readonly number[],
): Pick<Figures, 'auc' | 'brier' | 'calibration'> {
  const judged = { scores, labels }
  return {
    auc: areaUnderRoc(judged),
    brier: brierScore(judged),
    calibration: calibrationTable(judged),
  }
}

/** The tables of a model's README. */
export function figuresTables(figures: Figures): string {
  const { auc, brier, baselines, calibration, trainRows, testRows } = figures
  const rows = [
    ['this model', auc, brier] as const,
    ...Object.entries(baselines).map(([name, each]) => [name, each.auc, each.brier] as const),
  ]
  const quality = rows.map(([name, a, b]) => `| ${name} | ${a.toFixed(4)} | ${b.toFixed(4)} |`)
  const bins = calibration.map(
    ({ from, to, count, predicted, observed }) =>
      `| ${from.toFixed(1)}–${to.toFixed(1)} | ${count.toLocaleString('en-US')} | ` +
      `${predicted.toFixed(3)} | ${observed.toFixed(3)} |`,
  )
  const share = (figures.testPositives * 100).toFixed(1)
  return `Trained on ${trainRows.toLocaleString('en-US')} rows, tested on ${testRows.toLocaleString('en-US')} that follow
them in time; ${share} % of those are positive. \`model.onnx\` has ${figures.modelBytes.toLocaleString('en-US')} bytes.

| on the test rows | AUC | Brier |
|---|---|---|
${quality.join('\n')}

With windows that begin empty with the first test row, the AUC is ${figures.aucTestAlone.toFixed(4)}.

| predicted | rows | mean predicted | observed |
|---|---|---|---|
${bins.join('\n')}`
}
