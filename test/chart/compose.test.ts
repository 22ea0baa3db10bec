import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { tooSmall } from '../../src/source/topic-check.ts'
import { at } from '../harness/chart.ts'
import { composeServices } from '../harness/compose.ts'
import type { ComposeService } from '../harness/compose.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ALWAYS = ['kafka', 'millrace', 'registry', 'topics']
/** Kafka's default of `message.max.bytes`. */
const BROKER_BYTES_MAX = '1048588'
const OURS = ['dlq-watch', 'millrace', 'replay']

const all = composeServices(['*'])

function service(name: string): ComposeService {
  const found = all[name]
  if (found === undefined) throw new Error(`no service ${name}`)
  return found
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The file of this project that is mounted at a path. */
function mounted(name: string, target: string): string {
  const volume = service(name).volumes?.find((each) => each.target === target)
  if (volume === undefined) throw new Error(`${name} has nothing at ${target}`)
  return readFileSync(volume.source, 'utf8')
}

test('Docker Compose takes the file, and starts what is optional by its profile only', () => {
  assert.deepEqual(Object.keys(composeServices()).toSorted(), ALWAYS)
  assert.deepEqual(
    Object.keys(composeServices(['flights'])).toSorted(),
    [...ALWAYS, 'replay'].toSorted(),
  )
  const watched = [...ALWAYS, 'dlq-watch', 'grafana', 'prometheus'].toSorted()
  assert.deepEqual(Object.keys(composeServices(['monitoring'])).toSorted(), watched)
})

test('every image is built here, or a tag with its digest, the same as in the chart', () => {
  for (const [name, { image, build }] of Object.entries(all)) {
    if (OURS.includes(name)) assert.ok(build !== undefined, name)
    else assert.match(image, /^[a-z/-]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/)
  }
  assert.equal(service('topics').image, service('kafka').image)
  const values: unknown = parse(read('helm/millrace/values.yaml'))
  assert.equal(service('topics').image, at(values, 'topicsJob.image'))
})

test('the broker and registry are of the versions that the tests run', () => {
  const versions = JSON.parse(read('scripts/versions.json')) as Record<string, { artifact: string }>
  const versionOf = (name: string): string => versions[name]?.artifact.split(':')[2] ?? 'none'
  assert.match(service('kafka').image, new RegExp(`:${versionOf('kafka')}@`))
  assert.match(service('registry').image, new RegExp(`:${versionOf('registry')}@`))
})

test('the service takes its variables, without a warning, and has time to stop', () => {
  const { environment, stop_grace_period: grace = '0s' } = service('millrace')
  const { config, warnings } = loadConfig(
    { ...environment, MODEL_DIR: '/model' },
    { hostname: 'container', readFile: () => '' },
  )
  assert.deepEqual(warnings, [])
  assert.ok(Number(/^(\d+)s$/.exec(grace)?.[1]) * 1_000 > config.shutdownGraceMs)
})

test('the topics are made that the service reads and writes; its changelog it makes itself', () => {
  const { config } = loadConfig(
    { ...service('millrace').environment, MODEL_DIR: '/model' },
    { hostname: 'container', readFile: () => '' },
  )
  const script = service('topics').command?.join(' ') ?? ''
  const made = [...script.matchAll(/for topic in ([^;]+);/g)].map(([, names = '']) => names)
  assert.deepEqual(made.join(' ').split(' ').toSorted(), [
    'events',
    'ml-audit-log',
    'ml-dead-letters',
    'ml-features',
    'ml-late-events',
    'ml-predictions',
  ])
  assert.equal(config.inputTopic, 'events')
  assert.equal(service('replay').environment?.['INPUT_TOPIC'], config.inputTopic)

  const [, takers = '', bytes = ''] =
    /for topic in ([^;]+); do\s+create "\$\$topic" --config max\.message\.bytes=(\d+)/.exec(
      script,
    ) ?? []
  assert.deepEqual(takers.split(' '), [config.deadLetterTopic, config.lateTopic])
  const settings = new Map(
    [config.inputTopic, ...takers.split(' ')].map((topic) => [
      topic,
      new Map([['max.message.bytes', topic === config.inputTopic ? BROKER_BYTES_MAX : bytes]]),
    ]),
  )
  assert.deepEqual(tooSmall(settings, config.inputTopic, takers.split(' ')), [])
})

test('the watch is of the dead letters of the service, and scraped beside it', () => {
  const { environment, command } = service('dlq-watch')
  assert.deepEqual([environment, command], [service('millrace').environment, ['dlq', 'watch']])
  const configuration: unknown = parse(mounted('prometheus', '/etc/prometheus/prometheus.yml'))
  const scraped = at(configuration, 'scrape_configs.0.dns_sd_configs.0.names')
  assert.deepEqual(scraped, ['millrace', 'dlq-watch'])
})

test('each waits until what it needs is healthy, or done', () => {
  const needs = Object.entries(all).map(([name, each]) => {
    return [name, Object.keys(each.depends_on ?? {}).toSorted()]
  })
  assert.deepEqual(Object.fromEntries(needs), {
    kafka: [],
    topics: ['kafka'],
    registry: ['kafka'],
    millrace: ['kafka', 'registry', 'topics'],
    replay: ['millrace'],
    'dlq-watch': ['kafka', 'topics'],
    prometheus: ['millrace'],
    grafana: ['prometheus'],
  })
  for (const [name, { depends_on: needed = {} }] of Object.entries(all)) {
    for (const [other, { condition }] of Object.entries(needed)) {
      const isLasting = service(other).healthcheck !== undefined
      const wanted = isLasting ? 'service_healthy' : 'service_completed_successfully'
      assert.equal(condition, wanted, `${name} needs ${other}`)
    }
  }
})

test('no port is open to other machines, and nothing is a secret', () => {
  for (const [name, { ports = [], environment = {} }] of Object.entries(all)) {
    for (const { host_ip } of ports) assert.equal(host_ip, '127.0.0.1', name)
    for (const variable of Object.keys(environment)) {
      assert.doesNotMatch(variable, /PASSWORD|SECRET|TOKEN|KEY/)
    }
  }
})

test('no container gains privileges, and our own run read-only, as nobody, without capabilities', () => {
  for (const [name, each] of Object.entries(all)) {
    assert.deepEqual(each.security_opt, ['no-new-privileges:true'], name)
  }
  for (const name of OURS) {
    const { user, read_only: isReadOnly, cap_drop: dropped } = service(name)
    assert.deepEqual([user, isReadOnly, dropped], ['65532:65532', true, ['ALL']], name)
  }
})

test('Prometheus takes its configuration, and has the rules of the chart', () => {
  const file = join(ROOT, 'compose/prometheus.yaml')
  const promtool = join(ROOT, '.millrace/bin/promtool')
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'config', '--syntax-only', file])
  assert.equal(status, 0, `${stdout.toString()}${stderr.toString()}`)
  const configuration: unknown = parse(mounted('prometheus', '/etc/prometheus/prometheus.yml'))
  const [pattern = ''] = at(configuration, 'rule_files') as string[]
  const rules = mounted('prometheus', join(dirname(pattern), 'millrace.yaml'))
  assert.equal(rules, read('helm/millrace/files/alerts.yaml'))
})

test('Grafana has the dashboard of the chart, and the kind of data source that it asks for', () => {
  const providers: unknown = parse(
    mounted('grafana', '/etc/grafana/provisioning/dashboards/millrace.yaml'),
  )
  const folder = String(at(providers, 'providers.0.options.path'))
  const dashboard = mounted('grafana', `${folder}/dashboard.json`)
  assert.equal(dashboard, read('helm/millrace/files/dashboard.json'))
  assert.equal(
    service('grafana').environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'],
    `${folder}/dashboard.json`,
  )
  const sources: unknown = parse(
    mounted('grafana', '/etc/grafana/provisioning/datasources/millrace.yaml'),
  )
  const wanted = at(JSON.parse(dashboard), 'templating.list.0.query')
  assert.equal(at(sources, 'datasources.0.type'), wanted)
  assert.equal(at(sources, 'datasources.0.isDefault'), true)
})
