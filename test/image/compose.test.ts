import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Stack } from '../harness/compose.ts'
import { imageTests } from '../harness/image-test.ts'

const STAND_INS = join(import.meta.dirname, 'stand-ins')
/** All but Grafana, which cannot be had without an image registry. */
const STARTED = [
  'kafka',
  'topics',
  'registry',
  'millrace',
  'replay',
  'prometheus',
  'dlq-watch',
] as const
const ENOUGH = 2_000

/** What is asked of `/status.json`. */
interface Status {
  readonly totals: { readonly predicted: number }
}

interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] }
}

interface Rules {
  readonly data: { readonly groups: readonly { readonly rules: readonly { health: string }[] }[] }
}

const testImage = imageTests(async (engine) => {
  await engine.build('millrace-test/service')
  await engine.build('millrace-test/replay', { target: 'replay' })
  await engine.build('millrace-test/stand-in', { folder: STAND_INS })
})

testImage(
  'the compose file starts everything in order, with one command, and all of it works',
  async (t, engine) => {
    const stack = new Stack(t, engine, { REPLAY_RATE: '1000' })
    const startedAt = performance.now()
    await stack.compose('up', '--no-build', '--detach', '--wait', ...STARTED)
    const seconds = (performance.now() - startedAt) / 1_000
    process.stdout.write(`# all is up after ${seconds.toFixed(0)} s\n`)

    const [kafka, topics, registry, service, replay, prometheus] = (
      await Promise.all(STARTED.map((name) => stack.containers(name)))
    ).map(([first]) => first)
    const began = (each: typeof kafka): string => each?.State.StartedAt ?? ''
    assert.ok(began(kafka) < began(topics) && began(kafka) < began(registry))
    assert.equal(topics?.State.ExitCode, 0)
    assert.ok(topics.State.FinishedAt < began(service) && began(registry) < began(service))
    assert.ok(began(service) < began(replay) && began(service) < began(prometheus))
    const log = await stack.compose('logs', '--no-log-prefix', 'millrace')
    const [, readyAt = ''] = /"time":"([^"]+)"[^\n]*"code":"STARTED"/.exec(log) ?? []
    assert.ok(readyAt > began(service) && readyAt < began(replay) && readyAt < began(prometheus))
    assert.equal(service?.Config.User, '65532:65532')
    assert.equal(service.HostConfig.ReadonlyRootfs, true)
    assert.deepEqual(service.HostConfig.CapDrop, ['ALL'])

    await stack.until('answers', async () => {
      const { totals } = await stack.ask<Status>('millrace', 8080, '/status.json')
      return totals.predicted > ENOUGH
    })
    const query = async (text: string): Promise<number> => {
      const path = `/api/v1/query?${new URLSearchParams({ query: text }).toString()}`
      const { data } = await stack.ask<Answer>('prometheus', 9090, path)
      return Number(data.result[0]?.value[1] ?? 0)
    }
    await stack.until('them in Prometheus', async () => {
      return (await query('sum(millrace_records_processed_total)')) > ENOUGH
    })
    await stack.until('how many dead letters wait', async () => {
      return (await query('count(millrace_dlq_waiting_records)')) > 0
    })
    await stack.until('all rules evaluated', async () => {
      const { data } = await stack.ask<Rules>('prometheus', 9090, '/api/v1/rules')
      const rules = data.groups.flatMap((group) => group.rules)
      return rules.length > 20 && rules.every(({ health }) => health === 'ok')
    })

    await stack.compose('restart', 'registry')
    await stack.until('the schemas from before the restart', async () => {
      const path = '/apis/ccompat/v7/subjects'
      const subjects = await stack.ask<readonly string[]>('registry', 8080, path)
      return subjects.includes('events-value') && subjects.includes('ml-predictions-value')
    })

    const more = ['--no-recreate', '--scale', 'millrace=2', 'millrace']
    await stack.compose('up', '--no-build', '--detach', '--wait', ...more)
    await stack.until('both instances in Prometheus, each with partitions of its own', async () => {
      const owners = await query('count(count by (instance) (millrace_partition_lag_records))')
      return owners === 2 && (await query('count(millrace_partition_lag_records)')) === 4
    })

    await stack.compose('stop', 'millrace')
    const ended = await stack.containers('millrace')
    assert.deepEqual(
      ended.map(({ State }) => State.ExitCode),
      [0, 0],
    )
    assert.equal(await stack.down(), '', 'something is left behind')
  },
)
