import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions, runCommand, UsageError } from '../../../scripts/options.ts'

const KNOWN = { seeds: 'whole', minutes: 'number', without: 'text', trace: 'flag' } as const

test('options are read as what they are; what is not typed is undefined, or false', () => {
  assert.deepEqual(
    { ...readOptions(KNOWN, ['--seeds', '12', '--minutes=0.5', '--without', 'a,b', '--trace']) },
    { seeds: 12, minutes: 0.5, without: 'a,b', trace: true },
  )
  assert.deepEqual(
    { ...readOptions(KNOWN, []) },
    { seeds: undefined, minutes: undefined, without: undefined, trace: false },
  )
})

test('help wins over everything that is known', () => {
  assert.equal(readOptions(KNOWN, ['--trace', '--help']), undefined)
  assert.equal(readOptions(KNOWN, ['-h']), undefined)
})

for (const [args, message] of [
  [['--seds', '1'], 'no option --seds; did you mean "seeds"?'],
  [['-x'], 'no option -x'],
  [['--seeds'], '--seeds needs a value'],
  [['--seeds', 'many'], '--seeds must be a whole number >= 0, got many'],
  [['--seeds', ''], '--seeds must be a whole number >= 0, got '],
  [['--seeds=1.5'], '--seeds must be a whole number >= 0, got 1.5'],
  [['--minutes', '0'], '--minutes must be a number > 0, got 0'],
  [['--trace=yes'], '--trace takes no value, got yes'],
  [['12'], 'no arguments are taken, got 12'],
  [['--'], 'no arguments are taken, got --'],
] as const) {
  test(`"${args.join(' ')}" is refused: ${message}`, () => {
    assert.throws(() => readOptions(KNOWN, args), { name: 'UsageError', message })
  })
}

test('a command ends with its own status, or with 2 for wrong usage of any kind', async (t) => {
  const [out, err] = [
    t.mock.method(process.stdout, 'write', () => true),
    t.mock.method(process.stderr, 'write', () => true),
  ]
  const statusOf = (args: readonly string[], run: () => Promise<number>): Promise<number> =>
    runCommand({ help: 'Usage', options: KNOWN, run }, args)
  const refuse = (): Promise<number> => Promise.reject(new UsageError('no such kind'))
  const statuses = [
    await statusOf([], async () => 1),
    await statusOf(['--help'], refuse),
    await statusOf(['--seeds'], async () => 0),
    await statusOf([], refuse),
  ]
  out.mock.restore()
  err.mock.restore()
  assert.deepEqual(statuses, [1, 0, 2, 2])
  await assert.rejects(
    statusOf([], () => Promise.reject(new Error('a bug'))),
    { message: 'a bug' },
  )
})
