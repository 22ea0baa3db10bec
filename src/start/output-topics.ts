import type { Config } from '../config/schema.ts'
import type { OutputTopics } from '../sink/plan.ts'

/** Where each kind of output goes. */
export function outputTopics(config: Config): OutputTopics {
  return {
    features: config.featuresTopic,
    predictions: config.predictionsTopic,
    audit: config.auditTopic,
    late: config.lateTopic,
    deadLetters: config.deadLetterTopic,
  }
}
