import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from '../../src/config/librdkafka.ts'
import { readPassThrough } from '../../src/config/pass-through.ts'
import { VARIABLES } from '../../src/config/schema.ts'
import { ALERT_GROUPS, alertEntries } from '../monitoring/alerts.ts'

type Schema = Readonly<Record<string, unknown>>

/** Variables that the chart sets by itself. */
const OF_THE_CHART = ['INSTANCE_ID', 'MODEL_DIR', 'HTTP_HOST', 'HTTP_PORT']
/** Variables that objects of the chart are made from, which cannot look into a secret. */
export const READ_BY_THE_CHART: readonly string[] = [
  'APP_ID',
  'KAFKA_BROKERS',
  'SCHEMA_REGISTRY_URL',
  'INPUT_FORMAT',
  'INPUT_TOPIC',
  'FEATURES_TOPIC',
  'PREDICTIONS_TOPIC',
  'AUDIT_TOPIC',
  'DEAD_LETTER_TOPIC',
  'LATE_TOPIC',
  'STATE_TOPIC',
  'SHUTDOWN_GRACE_MS',
  'LEAVE_GROUP_ON_STOP',
]

const TEXT = { type: 'string' }
const FLAG = { type: 'boolean' }
/** What Kubernetes itself checks. */
const OBJECT = { type: 'object' }
const OBJECTS = { type: 'array', items: OBJECT }
const TEXTS = { type: 'object', additionalProperties: { type: 'string' } }
const NAME = { type: 'string', minLength: 1 }
const TOPIC_SETTINGS = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
}
const SECRET = { ...object({ name: NAME, key: NAME }), required: ['name', 'key'] }
const COUNT = { type: 'integer', minimum: 0 }
const SOME = { type: 'integer', minimum: 1 }
const SOME_OR_NULL = { type: ['integer', 'null'], minimum: 1 }
const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 }
const DURATION = { type: 'string', pattern: '^[0-9]+(ms|s|m)$' }
const DURATION_OR_NONE = { type: 'string', pattern: '^([0-9]+(ms|s|m))?$' }

/** `helm/millrace/values.schema.json`: what is no value of the chart or the service is refused by `helm lint`. */
export function valuesSchema(): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Millrace chart; written by `npm run docs`',
    ...object({
      global: OBJECT,
      nameOverride: TEXT,
      fullnameOverride: TEXT,
      commonLabels: TEXTS,
      ...workloadValues(),
      config: configSchema(),
      secrets: secretsSchema(),
      topics: object({ partitions: SOME_OR_NULL }),
      model: modelSchema(),
      probes: object({ startupSeconds: SOME, livenessSeconds: SOME, readinessPeriodSeconds: SOME }),
      autoscaling: object({ hpa: hpaSchema(), keda: kedaSchema() }),
      monitoring: monitoringSchema(),
      deadLetterWatch: object({ enabled: FLAG, resources: OBJECT }),
      networkPolicy: object({
        enabled: FLAG,
        ingressFrom: OBJECTS,
        egressTo: OBJECTS,
        extraEgress: OBJECTS,
      }),
      strimzi: strimziSchema(),
      topicsJob: object({
        enabled: FLAG,
        image: TEXT,
        input: FLAG,
        replicationFactor: SOME,
        config: TOPIC_SETTINGS,
        serviceAccountName: TEXT,
        clientPropertiesSecret: TEXT,
      }),
    }),
  }
}

function workloadValues(): Schema {
  return {
    replicaCount: COUNT,
    kind: { enum: ['StatefulSet', 'Deployment'] },
    image: object({
      repository: { type: 'string', minLength: 1 },
      tag: TEXT,
      digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
      pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
    }),
    imagePullSecrets: OBJECTS,
    resources: OBJECT,
    terminationGracePeriodSeconds: SOME_OR_NULL,
    serviceAccount: object({ create: FLAG, name: TEXT, annotations: TEXTS }),
    updateStrategy: OBJECT,
    minReadySeconds: COUNT,
    revisionHistoryLimit: COUNT_OR_NULL,
    annotations: TEXTS,
    podAnnotations: TEXTS,
    podLabels: TEXTS,
    podSecurityContext: OBJECT,
    securityContext: OBJECT,
    nodeSelector: TEXTS,
    tolerations: OBJECTS,
    runtimeClassName: TEXT,
    dnsPolicy: { enum: ['', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] },
    dnsConfig: OBJECT,
    hostAliases: OBJECTS,
    affinity: OBJECT,
    priorityClassName: TEXT,
    topologySpreadConstraints: OBJECTS,
    extraEnv: OBJECTS,
    extraEnvFrom: OBJECTS,
    extraVolumes: OBJECTS,
    extraVolumeMounts: OBJECTS,
    extraContainers: OBJECTS,
    extraInitContainers: OBJECTS,
    extraObjects: { type: 'array', items: { type: ['object', 'string'] } },
    podDisruptionBudget: object({ enabled: FLAG, maxUnavailable: { type: ['integer', 'string'] } }),
  }
}

/** The variables that are no secrets, with what each may be. */
function configSchema(): Schema {
  const open = VARIABLES.filter(
    ({ name, secret }) => secret !== true && !OF_THE_CHART.includes(name),
  )
  return {
    type: 'object',
    properties: Object.fromEntries(
      open.map(({ name, json, rule, default: value }) => [
        name,
        { ...json, description: value === undefined ? rule : `${rule}; ${value} unless set` },
      ]),
    ),
    patternProperties: {
      [passThroughPattern(false)]: { type: ['string', 'number', 'boolean'] },
    },
    additionalProperties: false,
  }
}

/** Any variable that the chart does not read may come from a secret, those that are secret must. */
function secretsSchema(): Schema {
  const taken = [...OF_THE_CHART, ...READ_BY_THE_CHART]
  const names = VARIABLES.map(({ name }) => name).filter((name) => !taken.includes(name))
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, SECRET])),
    patternProperties: {
      [passThroughPattern(false)]: SECRET,
      [passThroughPattern(true)]: SECRET,
    },
    additionalProperties: false,
  }
}

/** Names of the properties of librdkafka that may be passed through and are secret, or are not. */
function passThroughPattern(isSecret: boolean): string {
  const clients = [
    ['KAFKA_CONSUMER_', CONSUMER_PROPERTIES],
    ['KAFKA_PRODUCER_', PRODUCER_PROPERTIES],
  ] as const
  const alternatives = clients.map(([prefix, properties]) => {
    const names = properties.map((each) => prefix + each.toUpperCase().replaceAll('.', '_'))
    const { passed } = readPassThrough(names, Object.fromEntries(names.map((name) => [name, 'x'])))
    const taken = passed.filter((each) => each.isSecret === isSecret)
    return `${prefix}(${taken.map(({ name }) => name.slice(prefix.length)).join('|')})`
  })
  return `^(${alternatives.join('|')})$`
}

function modelSchema(): Schema {
  return object({
    from: { enum: ['image', 'persistentVolumeClaim', 'configMap', 'initContainer'] },
    path: { type: 'string', pattern: '^/' },
    persistentVolumeClaim: object({ name: TEXT, subPath: TEXT }),
    configMap: object({ name: TEXT }),
    initContainer: object({
      image: TEXT,
      command: { type: 'array', items: TEXT },
      env: OBJECTS,
    }),
  })
}

function hpaSchema(): Schema {
  return object({
    enabled: FLAG,
    minReplicas: SOME,
    maxReplicas: SOME,
    targetCPUUtilizationPercentage: SOME,
    metrics: OBJECTS,
    behavior: OBJECT,
  })
}

function kedaSchema(): Schema {
  return object({
    enabled: FLAG,
    minReplicas: COUNT,
    maxReplicas: SOME,
    behavior: OBJECT,
    pollingInterval: SOME,
    cooldownPeriod: COUNT,
    kafka: object({
      enabled: FLAG,
      lagThreshold: SOME,
      activationLagThreshold: SOME_OR_NULL,
      authenticationRef: TEXT,
      metadata: OBJECT,
    }),
    prometheus: object({
      enabled: FLAG,
      serverAddress: TEXT,
      threshold: SOME,
      activationThreshold: COUNT_OR_NULL,
      authenticationRef: TEXT,
      metadata: OBJECT,
    }),
  })
}

function monitoringSchema(): Schema {
  const scraped = object({
    enabled: FLAG,
    interval: DURATION,
    scrapeTimeout: DURATION_OR_NONE,
    relabelings: OBJECTS,
    metricRelabelings: OBJECTS,
    labels: TEXTS,
  })
  return object({
    podMonitor: scraped,
    serviceMonitor: scraped,
    prometheusRule: object({
      enabled: FLAG,
      runbookBase: TEXT,
      alerts: alertsSchema(),
      labels: TEXTS,
    }),
    dashboard: object({ enabled: FLAG, labels: TEXTS }),
  })
}

/** What may be changed of an alert; a name that is none is refused. */
function alertsSchema(): Schema {
  const changes = object({
    enabled: FLAG,
    for: { type: 'string', pattern: '^[0-9]+[smhd]$' },
    severity: { type: 'string', minLength: 1 },
  })
  const names = ALERT_GROUPS.flatMap(alertEntries).map(([name]) => name)
  return { type: 'object', propertyNames: { enum: names }, additionalProperties: changes }
}

function strimziSchema(): Schema {
  return object({
    enabled: FLAG,
    apiVersion: { enum: ['kafka.strimzi.io/v1', 'kafka.strimzi.io/v1beta2'] },
    cluster: TEXT,
    namespace: TEXT,
    topics: object({ enabled: FLAG, input: FLAG, replicas: SOME, config: TOPIC_SETTINGS }),
    user: object({ enabled: FLAG, authentication: { enum: ['scram-sha-512', 'tls'] } }),
  })
}

/** An object with these keys and no others. */
function object(properties: Schema): Schema {
  return { type: 'object', properties, additionalProperties: false }
}
