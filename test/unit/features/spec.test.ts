import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import { parseModelSpec } from '../../../src/features/spec.ts'

const GOOD = `name: my-model
version: 1.0.0
event:
  key: user
  time: {field: at, unit: ms}
  fields:
    amount: double
    note: {type: string, optional: true}
features:
  - {name: n, operation: count, window: 1h}
model:
  file: model.onnx
  input: input
  outputs:
    - {name: score, tensor: out}
`

function problemsOf(text: string): readonly string[] {
  try {
    parseModelSpec(text, 'model.yaml')
  } catch (error) {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'MODEL_INVALID')
    return error.message.split('\n')
  }
  return []
}

/** One change to a sound file, and the line it must be told in. */
const MISTAKES: readonly (readonly [change: readonly [from: string, to: string], told: RegExp])[] =
  [
    [
      ['count', 'cuont'],
      /^model\.yaml:10: features\[0\]\.operation .*"cuont"; did you mean "count"\?$/,
    ],
    [['1h}', '1 hour}'], /^model\.yaml:10: features\[0\]\.window must be a duration .*"1 hour"$/],
    [
      ['1h}', '1h, wnidow: 2h}'],
      /:10: features\[0\]\.wnidow is unknown here.* did you mean "window"\?$/,
    ],
    [
      ['count, ', 'avg, input_column: amonut, '],
      /:10: features\[0\]\.input_column must be a field .*"amonut"; did you mean "amount"\?$/,
    ],
    [
      ['count, ', 'avg, input_column: note, '],
      /input_column must be a number, but note is a string/,
    ],
    [
      ['key: user\n', 'key: $record_key\n  match_record_key: true\n'],
      /:5: event\.match_record_key must be left out with key: \$record_key, got true$/,
    ],
    [
      ['key: user\n', 'key: user\n  match_record_key: 1\n'],
      /event\.match_record_key must be true or false/,
    ],
    [
      ['version: 1.0.0\n', ''],
      /^model\.yaml:1: version is missing; it must be text such as 1\.0\.0/,
    ],
    [['1.0.0', '1.0'], /^model\.yaml:2: version must be text .*, got 1$/],
    [
      ['unit: ms', 'unit: minutes'],
      /:5: event\.time\.unit must be one of ms, s, iso8601.*"minutes"$/,
    ],
    [
      ['1h}', '1h, tile: 7m}'],
      /:10: features\[0\]\.tile must divide the window 1h into whole tiles/,
    ],
    [['1h}', '30d, tile: 1m}'], /:10: features\[0\]\.tile must be at least .* at most 10000 tiles/],
    [
      ['1h}', '400d}'],
      /:10: features\[0\]\.window must be longer than 0s and at most 366d, got "400d"$/,
    ],
    [
      ['1h}', '1h, where: {field: note, gt: 3}}'],
      /where\.field must be a number to be compared by gt/,
    ],
    [
      ['1h}', '1h, where: {field: note}}'],
      /features\[0\]\.where must have exactly one of eq, ne, lt/,
    ],
    [['name: n,', 'name: user,'], /:10: features\[0\]\.name must not be the name of the key/],
    [['name: n,', 'name: computed_at,'], /features\[0\]\.name must not be computed_at/],
    [
      ['file: model.onnx', 'file: ../model.onnx'],
      /:12: model\.file must be a file in the model folder/,
    ],
    [
      ['amount: double', 'amount: float'],
      /:7: event\.fields\.amount must be one of int, long, double/,
    ],
    [
      ['1h}', '1h}\n  - {name: n, operation: sum, input_column: amount, window: 5m}'],
      /:11: features\[1\]\.name must be unique, but features\[0\] makes a column n too/,
    ],
    [
      ['tensor: out}', 'tensor: out}\n    - {name: score, tensor: out, column: 1}'],
      /:16: model\.outputs\[1\]\.name must be unique, but model\.outputs\[0\] has it too/,
    ],
    [['name: my-model\n', 'name: [\n'], /^model\.yaml:\d+: /],
  ]

test('what a model says of itself for people is kept, and is one line', () => {
  const { description, trainedOn } = parseModelSpec(
    GOOD.replace('event:', 'description: Says x.\ntrained_on: "2,000 rows, 2013"\nevent:'),
    'model.yaml',
  )
  assert.deepEqual([description, trainedOn], ['Says x.', '2,000 rows, 2013'])
  assert.equal('trainedOn' in parseModelSpec(GOOD, 'model.yaml'), false)
  assert.match(
    String(problemsOf(GOOD.replace('event:', 'trained_on: "a\\nb"\nevent:'))),
    /model\.yaml:3: trained_on must be 1 to 500 characters on one line/,
  )
})

test('a sound declaration has no problems', () => {
  assert.deepEqual(problemsOf(GOOD), [])
})

for (const [[from, to], told] of MISTAKES) {
  test(`"${from.trim()}" as "${to.trim()}" is told with file, line, key and value`, () => {
    assert.ok(GOOD.includes(from))
    const problems = problemsOf(GOOD.replace(from, to))
    assert.ok(
      problems.some((problem) => told.test(problem)),
      problems.join('\n'),
    )
  })
}

test('all problems are told at once, in order of lines', () => {
  const lines = problemsOf(
    GOOD.replace('1.0.0', '1.0').replace('unit: ms', 'unit: h').replace('count', 'cuont'),
  ).map((problem) => Number(problem.split(':')[1]))
  assert.deepEqual(lines, [2, 5, 10])
})

test('durations are ms, the default tile makes at most 60 tiles, a one-hot is a column per category', () => {
  const spec = parseModelSpec(
    GOOD.replace(
      '  - {name: n, operation: count, window: 1h}\n',
      '  - {name: n, operation: count, window: 90s}\n' +
        '  - {name: is, operation: one_hot, input_column: note, categories: [a, "b c"]}\n',
    ),
    'model.yaml',
  )
  const [count, first, second] = spec.features
  assert.ok(count?.kind === 'window')
  assert.deepEqual([count.windowMs, count.tileMs], [90_000, 1_500])
  assert.deepEqual([first?.name, second?.name], ['is_a', 'is_b_c'])
  assert.deepEqual([spec.latenessMs, spec.maxFutureSkewMs], [0, 300_000])
})

test('a value is nullable only where an event can make it null', () => {
  const nullableOf = (feature: string): boolean | undefined =>
    parseModelSpec(GOOD.replace('{name: n, operation: count, window: 1h}', feature), 'model.yaml')
      .features[0]?.nullable
  assert.equal(nullableOf('{name: n, operation: count, window: 1h}'), false)
  assert.equal(nullableOf('{name: n, operation: avg, input_column: amount, window: 1h}'), false)
  const where = 'where: {field: amount, gt: 1}'
  const avg = 'operation: avg, input_column: amount, window: 1h'
  assert.equal(nullableOf(`{name: n, ${avg}, ${where}}`), true)
  assert.equal(nullableOf(`{name: n, ${avg}, ${where}, default: 0}`), false)
  assert.equal(nullableOf('{name: n, operation: seconds_since_previous, window: 1h}'), true)
})
