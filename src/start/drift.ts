import type { Config } from '../config/schema.ts'
import { layoutOf } from '../drift/layout.ts'
import { parseReference, referenceId } from '../drift/reference.ts'
import { DriftSketch } from '../drift/sketch.ts'
import { countsFor } from '../drift/threshold.ts'
import { DriftWatch } from '../drift/watch.ts'
import type { ModelFolder } from '../inference/model-folder.ts'
import type { Log } from '../telemetry/log.ts'

/** What counts values and what compares them. */
export interface Drift {
  readonly sketch: DriftSketch
  readonly watch: DriftWatch
}

/**
 * @returns `undefined` where the model folder has no reference
 * @throws ServiceError `MODEL_INVALID` as `parseReference`
 */
export function createDrift(config: Config, folder: ModelFolder, log: Log): Drift | undefined {
  const { referenceText: text, referenceFile, spec } = folder
  if (text === undefined) return undefined
  const reference = parseReference(text, referenceFile, spec)
  const layout = layoutOf(reference, spec)
  const { driftWindowMs: windowMs, driftWindowRecords: windowRecords } = config
  const { driftFalseAlarmsPerMonth: falseAlarmsPerMonth } = config
  const policy = { windowMs, windowRecords, falseAlarmsPerMonth }
  const watch = new DriftWatch({ reference, id: referenceId(text), layout, policy })
  const reached = Math.floor(countsFor({ rows: Infinity, spanMs: windowMs }, reference))
  if (reached < watch.leastRecords) {
    const message =
      `drift of live events is never judged: DRIFT_WINDOW_MS=${windowMs} has ${reached} events of the ` +
      `training data, and no window of it under ${watch.leastRecords} was measured`
    log('CONFIG_WARNING', message)
  }
  return { sketch: new DriftSketch(layout), watch }
}
