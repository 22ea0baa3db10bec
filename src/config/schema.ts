import { z } from 'zod'
import {
  kafkaSecurityVariables,
  kafkaVariables,
  registryVariables,
} from './connection-variables.ts'
import {
  deadLetterVariables,
  driftVariables,
  identityVariables,
  servingVariables,
  stateVariables,
  topicVariables,
  unitVariables,
} from './service-variables.ts'
import { tracingVariables } from './tracing-variables.ts'
import { type VariableInfo, variableInfos } from './variable.ts'

/**
 * The configuration: one entry a variable, keyed by its name in camel case.
 *
 * Parsing, errors, `docs/configuration.md` and `millrace config` all come from here.
 */
export const configSchema = z.object({
  ...identityVariables,
  ...kafkaVariables,
  ...kafkaSecurityVariables,
  ...registryVariables,
  ...topicVariables,
  ...unitVariables,
  ...deadLetterVariables,
  ...stateVariables,
  ...driftVariables,
  ...servingVariables,
  ...tracingVariables,
})

/** The values of all variables. */
export type Variables = Readonly<z.infer<typeof configSchema>>

export type VariableKey = keyof Variables

/** The configuration the service runs with; absent = unset. */
export interface Config extends Variables {
  readonly stateTopic: string
  readonly outputFormat: NonNullable<Variables['outputFormat']>
  /** PEM text of `SCHEMA_REGISTRY_CA_FILE`. */
  readonly schemaRegistryCa: string | undefined
  /** librdkafka properties from `KAFKA_CONSUMER_…`. */
  readonly kafkaConsumerProperties: Readonly<Record<string, string>>
  /** librdkafka properties from `KAFKA_PRODUCER_…`. */
  readonly kafkaProducerProperties: Readonly<Record<string, string>>
}

/** A variable and its key in the configuration. */
export interface Variable extends VariableInfo {
  readonly key: string
}

/** All variables, in the order of the documentation. */
export const VARIABLES: readonly Variable[] = Object.entries(configSchema.shape).map(
  ([key, entry]) => {
    const info = variableInfos.get(entry)
    if (info === undefined) throw new TypeError(`nothing is said of ${key}`)
    return { key, ...info }
  },
)
