import type { Config } from '../config/schema.ts'
import type { ModelFolder } from '../inference/model-folder.ts'
import type { Scorer } from '../inference/port.ts'
import { systemClock } from '../runtime/clock.ts'
import type { OutputPlan } from '../sink/plan.ts'
import type { KafkaSource } from '../source/kafka-consumer.ts'
import { requireTopics } from '../source/topic-check.ts'
import type { Judge } from '../tools/dlq/judge.ts'
import { PredictionsTarget, requireNoWindows } from '../tools/dlq/predictions-target.ts'
import { createOutputEncoder, openRegistry } from './codecs.ts'
import { modelIdentity, startModel } from './model.ts'
import { createOutputPlan } from './output-plan.ts'
import { plainPassOn } from './traces.ts'

/** What answers letters in place of the service, and the model that does. */
export interface Predictions {
  readonly target: PredictionsTarget
  /** To be closed when nothing more is to be scored. */
  readonly scorer: Scorer
}

/**
 * Puts together what `millrace dlq replay --to predictions` scores and writes with, as the start of the
 * service does. A dry run registers no schema and asks after no topic.
 *
 * @throws ServiceError as `Workbench.predictions`
 */
export async function startPredictions(parts: {
  readonly config: Config
  readonly folder: ModelFolder
  readonly source: KafkaSource
  readonly judge: Judge
  readonly isDryRun: boolean
  readonly warn: (warning: string) => void
}): Promise<Predictions> {
  const { config, folder, judge, isDryRun, warn } = parts
  const { spec } = folder
  requireNoWindows(spec)
  const plan = isDryRun ? undefined : await planOf(parts)
  const scorer = await startModel(config, folder, (code, message) => {
    if (code === 'CONFIG_WARNING') warn(message)
  })
  return {
    scorer,
    target: new PredictionsTarget({ judge, spec, scorer, plan, clock: systemClock }),
  }
}

async function planOf(parts: {
  readonly config: Config
  readonly folder: ModelFolder
  readonly source: KafkaSource
}): Promise<OutputPlan> {
  const { config, folder, source } = parts
  const { featuresTopic, predictionsTopic, auditTopic } = config
  await requireTopics(source, config.inputTopic, [featuresTopic, predictionsTopic, auditTopic])
  const model = modelIdentity(folder)
  const encoder = await createOutputEncoder(
    { config, spec: folder.spec, model, waitFor: (call) => call() },
    openRegistry(config),
  )
  return createOutputPlan(config, { model, encoder, passOn: plainPassOn(config) })
}
