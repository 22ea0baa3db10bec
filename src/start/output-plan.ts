import type { Config } from '../config/schema.ts'
import type { ServiceIdentity } from '../serving/status-report.ts'
import { OutputPlan } from '../sink/plan.ts'
import type { PassOn } from '../sink/plan.ts'
import type { OutputEncoder } from '../sink/port.ts'
import { outputTopics } from './output-topics.ts'

/** What is written for each outcome, as configured. */
export function createOutputPlan(
  config: Config,
  parts: {
    readonly model: ServiceIdentity['model']
    readonly encoder: OutputEncoder
    readonly passOn: PassOn | undefined
  },
): OutputPlan {
  const { appId, instanceId, deadLetterHeaders: headerStyle } = config
  const { model, encoder, passOn } = parts
  const identity = { appId, instanceId, modelName: model.name, modelVersion: model.version }
  return new OutputPlan({ topics: outputTopics(config), encoder, identity, headerStyle, passOn })
}
