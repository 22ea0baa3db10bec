import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { LOG_CODES } from '../../../src/telemetry/log-codes.ts'
import { logEvents, logFailure } from '../../../src/telemetry/log-events.ts'
import { createLog } from '../../../src/telemetry/log.ts'
import type { Log, LogOptions } from '../../../src/telemetry/log.ts'

type Line = Record<string, unknown>

async function collect(options: Partial<LogOptions> = {}): Promise<{ log: Log; lines: Line[] }> {
  const lines: Line[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const log = await createLog({ level: 'info', format: 'json', destination, ...options })
  return { log, lines }
}

const codes = (lines: readonly Line[]): unknown[] => lines.map((line) => line['code'])

test('a line is JSON with an ISO time, a level by name, its code, and what is on every line', async () => {
  const { log, lines } = await collect({ fields: { app: 'a', instance: 'a-0' } })
  log('STARTED', 'up', { port: 8080 })
  const [{ time, ...rest } = {}] = lines
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(rest, {
    level: 'info',
    app: 'a',
    instance: 'a-0',
    code: 'STARTED',
    msg: 'up',
    port: 8080,
  })
})

test('the code decides the level', async () => {
  const { log, lines } = await collect({ level: 'trace' })
  for (const code of ['COMMITTED', 'UNIT_ABORTED', 'FAILED'] as const) log(code, '')
  assert.deepEqual(
    lines.map((line) => line['level']),
    [LOG_CODES.COMMITTED.level, LOG_CODES.UNIT_ABORTED.level, LOG_CODES.FAILED.level],
  )
})

test('each rare event of the loop is one line with its code', async () => {
  const { log, lines } = await collect()
  const events = logEvents(log)
  const error = new ServiceError('REGISTRY_UNAVAILABLE', 'no answer')
  events.assigned(1, [0, 1])
  events.released({ kind: 'revoked', number: 2, partitions: [0] })
  events.released({ kind: 'lost', number: 3, partitions: [1], why: 'fenced' })
  events.aborted('generation moved')
  events.registryUnavailable(error)
  events.registryBack()
  events.retrying(error, 12.5)
  assert.deepEqual(codes(lines), [
    'ASSIGNED',
    'REVOKED',
    'LOST',
    'UNIT_ABORTED',
    'REGISTRY_UNAVAILABLE',
    'REGISTRY_BACK',
    'RETRYING',
  ])
  assert.deepEqual(lines[0]?.['partitions'], [0, 1])
})

test('a replay is told when it starts and, once, when its partition commits', async () => {
  const { log, lines } = await collect()
  const events = logEvents(log)
  const position = {
    restored: undefined,
    committed: undefined,
    changelog: undefined,
    gap: undefined,
    lostBefore: undefined,
  }
  const commit = (partition: number): void =>
    events.committed([{ topic: 'in', partition, offset: 9, metadata: '' }])
  events.located({ partition: 0, start: 3, replayUntil: 8, ...position })
  events.located({ partition: 1, start: 8, replayUntil: 8, ...position })
  commit(1)
  assert.deepEqual(codes(lines), ['REPLAY_STARTED'])
  commit(0)
  commit(0)
  assert.deepEqual(codes(lines), ['REPLAY_STARTED', 'REPLAY_DONE'])
})

test('a first start is told, and louder when the log has lost its beginning', async () => {
  const { log, lines } = await collect()
  const first = { replayUntil: 0, restored: undefined, committed: undefined, changelog: undefined }
  const events = logEvents(log)
  events.located({ ...first, partition: 0, start: 0, gap: undefined, lostBefore: 0 })
  events.located({ ...first, partition: 1, start: 7, gap: undefined, lostBefore: 7 })
  assert.deepEqual(
    lines.map(({ level, code, msg }) => [level, code, msg]),
    [
      ['info', 'FIRST_START', 'partition 0: no offset is committed; begins at 0'],
      [
        'warn',
        'FIRST_START_LATE',
        'partition 1: no offset is committed; begins at 7, where the log does',
      ],
    ],
  )
})

test('commits are not logged at the default level', async () => {
  const { log, lines } = await collect()
  logEvents(log).committed([{ topic: 'in', partition: 0, offset: 9, metadata: '' }])
  assert.deepEqual(lines, [])
})

test('the last line names the code, every cause behind it, and the exit status', async () => {
  const { log, lines } = await collect()
  const socket = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const cause = new Error('metadata', { cause: socket })
  logFailure(log, new ServiceError('KAFKA_UNAVAILABLE', 'no broker', cause), 4)
  const [line = {}] = lines
  assert.equal(line['level'], 'fatal')
  assert.equal(line['error'], 'KAFKA_UNAVAILABLE')
  assert.equal(line['msg'], 'no broker')
  assert.deepEqual(line['causes'], ['Error: metadata', 'ECONNREFUSED: refused'])
  assert.equal(line['exitStatus'], 4)
})

test('causes that go round in a circle end, a few are told', async () => {
  const { log, lines } = await collect()
  const error = new Error('round')
  error.cause = error
  logFailure(log, error, 1)
  assert.deepEqual(lines[0]?.['causes'], Array(9).fill('Error: round'))
})

test('something thrown that is no error is told as text', async () => {
  const { log, lines } = await collect()
  logFailure(log, 'oops', 1)
  assert.equal(lines[0]?.['msg'], 'oops')
})
