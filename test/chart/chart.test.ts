import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { READ_BY_THE_CHART } from '../../scripts/docs/values-schema.ts'
import { VARIABLES } from '../../src/config/schema.ts'
import {
  at,
  EXAMPLES,
  hadolint,
  kubeconform,
  KUBERNETES_VERSIONS,
  lint,
  only,
  podSecurity,
  refusal,
  render,
} from '../harness/chart.ts'
import type { Manifest } from '../harness/chart.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const POD = 'spec.template.spec'
const STATE_BYTES_DEFAULT = VARIABLES.find(({ name }) => name === 'STATE_BYTES_MAX')?.default

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The variables of the service's container that the chart sets from `config` and by itself. */
function variables(manifests: readonly Manifest[]): Record<string, string> {
  const config = manifests.find(({ kind }) => kind === 'ConfigMap')
  return { ...(at(config, 'data') as Record<string, string>) }
}

for (const name of EXAMPLES.keys()) {
  test(`the example ${name} is linted and is what every Kubernetes version takes`, () => {
    const linted = lint(name)
    assert.ok(linted.isOk, linted.text)
    const manifests = render(name)
    for (const version of KUBERNETES_VERSIONS) {
      const { isOk, text } = kubeconform(manifests, version)
      assert.ok(isOk, `${version}: ${text}`)
      assert.match(text, /Skipped: 0$/m)
    }
  })

  test(`all pods of the example ${name} pass the Pod Security Standard "restricted"`, () => {
    const { isOk, text } = podSecurity(render(name))
    assert.ok(isOk, text)
    assert.match(text, /^[23] pods looked at$/m)
  })
}

test('a pod that is not restricted is told, with the reason', () => {
  const manifests = render('minimal', ['securityContext.allowPrivilegeEscalation=true'])
  const { isOk, text } = podSecurity(manifests)
  assert.ok(!isOk)
  assert.match(text, /^StatefulSet release-millrace: .*allowPrivilegeEscalation/m)
})

test('kubeconform finds a field that is none', () => {
  const bad = { kind: 'Service', apiVersion: 'v1', metadata: { name: 'x' }, spec: { prots: [] } }
  for (const version of KUBERNETES_VERSIONS) assert.ok(!kubeconform([bad], version).isOk)
})

test('kubeconform knows the kinds of operators, and finds a field of theirs that is none', () => {
  const manifests = ['keda', 'strimzi', 'production', 'hpa'].flatMap((name) => render(name))
  const ofOperators = new Map(
    manifests
      .filter(({ apiVersion }) => /keda|strimzi|coreos/.test(String(apiVersion)))
      .map((each) => [each.kind, each]),
  )
  assert.deepEqual([...ofOperators.keys()].toSorted(), [
    'KafkaTopic',
    'KafkaUser',
    'PodMonitor',
    'PrometheusRule',
    'ScaledObject',
    'ServiceMonitor',
  ])
  for (const [kind, manifest] of ofOperators) {
    const bad = { ...manifest, spec: { ...(manifest['spec'] as object), sepc: 1 } }
    const { isOk, text } = kubeconform([bad], KUBERNETES_VERSIONS[0] ?? '')
    assert.ok(!isOk, kind)
    assert.match(text, /'sepc' not allowed/)
  }
})

test('every default of a variable may be written as a value', () => {
  const own = ['INSTANCE_ID', 'MODEL_DIR', 'HTTP_HOST', 'HTTP_PORT']
  const sets = VARIABLES.flatMap(({ name, default: value }) =>
    value === undefined || own.includes(name) ? [] : [`config.${name}=${value}`],
  )
  assert.ok(sets.length > 25)
  const { isOk, text } = lint('minimal', sets)
  assert.ok(isOk, text)
  const written = variables(render('minimal', [`--set-string=${sets.join(',')}`]))
  for (const { name, default: value } of VARIABLES) {
    if (value !== undefined && !own.includes(name)) assert.equal(written[name], value)
  }
})

const REFUSED = [
  ['a misspelled variable', 'config.KAFKA_BROKER=k:9092', /KAFKA_BROKER/],
  ['a misspelled property of the client', 'config.KAFKA_PRODUCER_LINGERMS=1', /LINGERMS/],
  ['a property the guarantee rests on', 'config.KAFKA_PRODUCER_ACKS=1', /ACKS/],
  ['a number out of its bounds', 'config.COMMIT_INTERVAL_MS=0', /COMMIT_INTERVAL_MS/],
  ['a word that is none', 'config.INPUT_FORMAT=xml', /INPUT_FORMAT/],
  ['a broker without a port', 'config.KAFKA_BROKERS=kafka', /KAFKA_BROKERS/],
  ['what the chart sets itself', 'config.INSTANCE_ID=a', /INSTANCE_ID/],
  ['a password in the open', 'config.KAFKA_SASL_PASSWORD=x', /KAFKA_SASL_PASSWORD/],
  ['a secret property in the open', 'config.KAFKA_PRODUCER_SSL_KEY_PASSWORD=x', /SSL_KEY_PASSWORD/],
  [
    'a name that objects are made from, in a secret',
    'secrets.APP_ID.name=x,secrets.APP_ID.key=y',
    /APP_ID/,
  ],
  ['an alert that is none', 'monitoring.prometheusRule.alerts.MillraceGoen.for=1m', /MillraceGoen/],
  ['a secret without a key', 'secrets.KAFKA_SASL_PASSWORD.name=x', /key/],
  ['a value the chart has not', 'replicas=2', /replicas/],
  ['no count of partitions', 'topics.partitions=null', /how many partitions/],
  ['more instances than partitions', 'replicaCount=2', /a partition has one owner.*got 2/],
  [
    'a grace that ends too soon',
    'terminationGracePeriodSeconds=10',
    /more than SHUTDOWN_GRACE_MS \(10 s\)/,
  ],
  [
    'a model claim without a name',
    'model.from=persistentVolumeClaim',
    /persistentVolumeClaim\.name/,
  ],
] as const

for (const [what, set, why] of REFUSED) {
  test(`${what} is refused, with the reason`, () => {
    assert.match(refusal('minimal', [set]), why)
  })
}

test('what a template reads of the configuration cannot come from a secret', () => {
  const folder = join(ROOT, 'helm/millrace/templates')
  const text = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const found = text.matchAll(/(?:"millrace\.variable" \(list [$.] "|\.Values\.config\.)([A-Z_]+)/g)
  const names = new Set([...found].map(([, name = '']) => name))
  assert.deepEqual([...names].toSorted(), READ_BY_THE_CHART.toSorted())
})

test('the registry format without a registry is refused', () => {
  assert.match(refusal('hpa', ['config.INPUT_FORMAT=registry']), /SCHEMA_REGISTRY_URL is required/)
})

test('large numbers and flags reach the service as they were written', () => {
  const { STATE_BYTES_MAX, DLQ_MAX_RATIO, SHUTDOWN_GRACE_MS } = variables(render('production'))
  assert.deepEqual(
    [STATE_BYTES_MAX, DLQ_MAX_RATIO, SHUTDOWN_GRACE_MS],
    ['2000000000', '0.25', '20000'],
  )
  assert.equal(variables(render('keda'))['LEAVE_GROUP_ON_STOP'], 'true')
})

for (const name of EXAMPLES.keys()) {
  test(`the example ${name} has memory for all the state that it allows`, () => {
    const manifests = render(name)
    // The watch of the dead letters is a Deployment, too.
    const workload =
      manifests.find(({ kind }) => kind === 'StatefulSet') ?? only(manifests, 'Deployment')
    const limit = at(workload, `${POD}.containers.0.resources.limits.memory`)
    const given = Number(variables(manifests)['STATE_BYTES_MAX'] ?? STATE_BYTES_DEFAULT)
    assert.ok(
      bytesOf(limit) >= given * 1.25 + 600 * 1_048_576,
      `${String(limit)} for ${given} bytes`,
    )
  })
}

/** Of a quantity in Mi or Gi. */
function bytesOf(quantity: unknown): number {
  const { figure, unit } = /^(?<figure>\d+)(?<unit>[MG])i$/.exec(String(quantity))?.groups ?? {}
  return Number(figure) * (unit === 'G' ? 1_024 : 1) * 1_048_576
}

test('an instance is named by its pod, and stopped later than it needs', () => {
  const workload = only(render('production'), 'StatefulSet')
  const env = at(workload, `${POD}.containers.0.env`) as { name: string; valueFrom: unknown }[]
  const named = env.find(({ name }) => name === 'INSTANCE_ID')
  assert.deepEqual(named?.valueFrom, { fieldRef: { fieldPath: 'metadata.name' } })
  assert.equal(at(workload, `${POD}.terminationGracePeriodSeconds`), 30)
  assert.equal(at(workload, `${POD}.enableServiceLinks`), false)
  assert.match(String(at(workload, `${POD}.containers.0.image`)), /^example\/scores@sha256:0+$/)
})

test('secrets are named, never held', () => {
  const manifests = render('production')
  assert.equal(
    manifests.find(({ kind }) => kind === 'Secret'),
    undefined,
  )
  const env = at(only(manifests, 'StatefulSet'), `${POD}.containers.0.env`) as Record<
    string,
    unknown
  >[]
  const password = env.find(({ name }) => name === 'KAFKA_SASL_PASSWORD')
  assert.deepEqual(at(password, 'valueFrom.secretKeyRef'), {
    name: 'scores-kafka',
    key: 'password',
  })
})

test('a Deployment hands its partitions over when it stops, unless told otherwise', () => {
  const manifests = render('model-volume')
  assert.equal(only(manifests, 'Deployment').kind, 'Deployment')
  assert.equal(variables(manifests)['LEAVE_GROUP_ON_STOP'], 'true')
  const kept = render('model-volume', ['config.LEAVE_GROUP_ON_STOP=false'])
  assert.equal(variables(kept)['LEAVE_GROUP_ON_STOP'], 'false')
  assert.equal(variables(render('minimal'))['LEAVE_GROUP_ON_STOP'], undefined)
})

test('a change of configuration restarts the pods', () => {
  const annotation = `spec.template.metadata.annotations`
  const before = at(only(render('minimal'), 'StatefulSet'), annotation)
  const after = at(only(render('minimal', ['config.LOG_LEVEL=warn']), 'StatefulSet'), annotation)
  assert.notDeepEqual(before, after)
})

test('a network policy opens the ports of the configured brokers and registry, and DNS', () => {
  const policy = only(render('production'), 'NetworkPolicy')
  const ports = (at(policy, 'spec.egress') as { ports: { port: number }[] }[]).flatMap((rule) =>
    rule.ports.map(({ port }) => port),
  )
  assert.deepEqual(ports, [53, 53, 9093, 443])
  const other = render('production', ['config.SCHEMA_REGISTRY_URL=http://r:8081'])
  assert.match(JSON.stringify(only(other, 'NetworkPolicy')), /"port":8081/)
})

test('the Kafka user has the least rights: reads the input, writes the outputs, its own ids only', () => {
  const acls = at(only(render('strimzi'), 'KafkaUser'), 'spec.authorization.acls') as {
    resource: { type: string; name: string; patternType: string }
    operations: string[]
  }[]
  const rights = acls.map(
    ({ resource: { type, name, patternType }, operations }) =>
      `${type} ${name} ${patternType}: ${operations.join(',')}`,
  )
  assert.deepEqual(rights, [
    'topic events literal: Read,Describe',
    'topic ml-features literal: Write,Describe',
    'topic ml-predictions literal: Write,Describe',
    'topic scores_audit literal: Write,Describe',
    'topic ml-dead-letters literal: Write,Describe',
    'topic ml-late-events literal: Write,Describe',
    'topic scores-state literal: Create,Read,Write,Describe,DescribeConfigs',
    'group scores literal: Read,Describe',
    'transactionalId scores- prefix: Write,Describe',
  ])
})

test('Strimzi topics have names that Kubernetes takes, and the partitions of the input', () => {
  const topics = render('strimzi').filter(({ kind }) => kind === 'KafkaTopic')
  assert.equal(topics.length, 6)
  const audit = topics.find((topic) => at(topic, 'spec.topicName') === 'scores_audit')
  assert.equal(at(audit, 'metadata.name'), 'scores-audit')
  for (const topic of topics) assert.equal(at(topic, 'spec.partitions'), 6)
})

test('the test pod is none of the instances that the service and its budget select', () => {
  const manifests = render('minimal')
  const selector = at(only(manifests, 'Service'), 'spec.selector') as Record<string, string>
  const labels = at(only(manifests, 'Pod'), 'metadata.labels') as Record<string, string>
  assert.ok(Object.entries(selector).some(([key, value]) => labels[key] !== value))
})

test('chart, package and image have one version, and the image the Node of the tests', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  assert.match(read('helm/millrace/Chart.yaml'), new RegExp(`^version: ${version}$`, 'm'))
  assert.match(read('helm/millrace/Chart.yaml'), new RegExp(`^appVersion: ${version}$`, 'm'))
  assert.match(read('Dockerfile'), new RegExp(`^ARG VERSION=${version}$`, 'm'))
  const { node } = JSON.parse(read('scripts/versions.json')) as { node: { version: string } }
  assert.match(read('Dockerfile'), new RegExp(`^ARG NODE_IMAGE=node:${node.version}-`, 'm'))
})

test('hadolint has nothing to say of the Dockerfile', () => {
  const { isOk, text } = hadolint()
  assert.ok(isOk, text)
})
