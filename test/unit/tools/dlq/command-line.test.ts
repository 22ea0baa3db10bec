import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../../../../src/config/schema.ts'
import { deadLetter } from '../../../../src/domain/outcome.ts'
import type { DeadLetterReason } from '../../../../src/domain/outcome.ts'
import { parseCommand } from '../../../../src/tools/dlq/command-line.ts'
import { CONDITIONS, parseFilter } from '../../../../src/tools/dlq/filter.ts'
import { dlqHelp } from '../../../../src/tools/dlq/help.ts'
import { hexDump } from '../../../../src/tools/dlq/hex.ts'
import type { Letter } from '../../../../src/tools/dlq/letter.ts'
import { JsonFields } from '../../../../src/decode/json-fields.ts'
import { offendingByte } from '../../../../src/tools/dlq/offending-byte.ts'

const LETTER: Letter = {
  record: {
    topic: 'd',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: Buffer.from('k=1'),
    value: null,
  },
  source: { topic: 'events', partition: 3, offset: 41 },
  origin: { topic: 'events', partition: 3, offset: 41 },
  timestampMs: 0,
  reason: 'undecodable',
  stage: 'decode',
  detail: '',
  failedAtMs: Date.parse('2026-01-05T12:00:00Z'),
  schemaId: 7,
  appId: 'app',
  model: { name: 'm', version: '1.0.0' },
  replays: 0,
  headers: [],
}

test('conditions of different names must all hold, of one name any', () => {
  const cases: readonly [string[], boolean][] = [
    [[], true],
    [['reason=undecodable'], true],
    [['reason=unscorable'], false],
    [['reason=unscorable', 'reason=undecodable'], true],
    [['reason=undecodable', 'schema=8'], false],
    [['schema=7', 'key=k=1', 'partition=3', 'offset=41', 'stage=decode'], true],
    [['schema=none'], false],
    [['key=none'], false],
    [['model=m'], true],
    [['model=m@1.0.0'], true],
    [['model=m@2.0.0'], false],
    [['since=2026-01-05T12:00:00Z'], true],
    [['since=2026-01-05T12:00:01Z'], false],
    [['until=2026-01-05T12:00:00Z'], false],
    [['until=2026-01-05T12:00:01Z'], true],
  ]
  for (const [conditions, holds] of cases) {
    assert.equal(parseFilter(conditions)(LETTER), holds, conditions.join(' '))
  }
  assert.ok(
    parseFilter(['schema=none', 'key=none'])({
      ...LETTER,
      schemaId: undefined,
      record: { ...LETTER.record, key: null },
    }),
  )
})

test('a condition that is none is refused, naming those that are', () => {
  for (const bad of ['', 'reason', 'toString=1', 'colour=red']) {
    assert.throws(() => parseFilter([bad]), /NAME one of reason, stage, schema, key/, bad)
  }
})

test('a value that a condition cannot have is refused, naming those it can', () => {
  const cases: readonly [string, RegExp][] = [
    ['reason=', /reason must be one of empty-value, .*, got ""$/],
    ['reason=undecodeable', /reason must be one of .*undecodable, .*, got "undecodeable"$/],
    ['stage=x', /stage must be one of decode, features, inference, got "x"$/],
    ['schema=x', /schema must be a whole number or none, got "x"$/],
    ['partition=abc', /partition must be a whole number, got "abc"$/],
    ['offset=-1', /offset must be a whole number, got "-1"$/],
    ['key=', /key must be text; in quotes a JSON string, got ""$/],
    ['key="', /key must be text/],
    ['model=', /model must be text, got ""$/],
    ['since=noon', /since must be a time in ISO 8601 .*, got "noon"$/],
    ['since=5', /got "5"$/],
    ['until=2026-13-01', /got "2026-13-01"$/],
    ['until=2026-01-05T12:00', /Z or an offset, .*, got "2026-01-05T12:00"$/],
  ]
  for (const [bad, message] of cases) assert.throws(() => parseFilter([bad]), { message }, bad)
})

test('an empty key, the key "none" and no key are told apart', () => {
  const keys = [Buffer.alloc(0), Buffer.from('none'), null, Buffer.from('"')]
  const letters = keys.map((key) => ({ ...LETTER, record: { ...LETTER.record, key } }))
  const chosen = (condition: string): readonly number[] =>
    letters.flatMap((letter, index) => (parseFilter([condition])(letter) ? [index] : []))
  assert.deepEqual(chosen('key=""'), [0])
  assert.deepEqual(chosen('key="none"'), [1])
  assert.deepEqual(chosen('key=none'), [2])
  assert.deepEqual(chosen('key="\\""'), [3])
})

test('what a command does not know is refused before anything is connected', () => {
  const cases: readonly [string[], RegExp][] = [
    [['mend'], /needs one of list, show, stats, watch, replay, export, import, purge, got "mend"/],
    [['toString'], /got "toString"/],
    [['watch', '--where', 'reason=undecodable'], /millrace dlq watch: Unknown option '--where'/],
    [['list', '--nope'], /millrace dlq list: Unknown option '--nope'/],
    [['list', '--limit', '0'], /--limit must be a whole number > 0, got "0"/],
    [['list', '--after', 'x'], /PARTITION:OFFSET/],
    [['show'], /named PARTITION:OFFSET, such as 0:41, got ""/],
    [['show', '0:1', '0:2'], /one dead letter at a time, got "0:1 0:2"/],
    [['replay', '--rate', '-1'], /millrace dlq replay: /],
    [['replay', '--rate', '1.5'], /--rate must be a whole number > 0, got "1.5"/],
    [['replay', '--to', 'x'], /--to must be input or predictions, got "x"$/],
    [['replay', '0:1'], /Unexpected argument '0:1'/],
    [['purge', '0'], /got "0"/],
  ]
  for (const [args, message] of cases) {
    assert.throws(() => parseCommand(args), { code: 'CONFIG_INVALID', message }, args.join(' '))
  }
})

test('every command and option of the help is understood, and every condition is told', () => {
  const help = dlqHelp()
  for (const [, name = '', rest = ''] of help.matchAll(/^ {2}millrace dlq (\w+) ?(.*)$/gm)) {
    const flags = [...rest.matchAll(/--[a-z-]+/g)].flatMap(([flag]) => {
      const values: Readonly<Record<string, string>> = {
        '--where': 'reason=undecodable',
        '--after': '0:1',
        '--limit': '9',
        '--rate': '9',
        '--to': 'predictions',
      }
      const value = values[flag]
      return value === undefined ? [flag] : [flag, value]
    })
    const place = name === 'show' || name === 'purge' ? ['0:1'] : []
    assert.doesNotThrow(() => parseCommand([name, ...place, ...flags]), `${name} ${rest}`)
  }
  for (const name of Object.keys(CONDITIONS)) assert.match(help, new RegExp(`^  ${name}= `, 'm'))
})

test('the help fits a terminal and names variables that exist', () => {
  const help = dlqHelp()
  for (const line of help.split('\n')) assert.ok(line.length <= 110, line)
  const names = VARIABLES.map(({ name }) => name)
  for (const [name] of help.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g))
    assert.ok(names.includes(name), name)
})

test('a dump marks the byte, also the one that is missing at the end', () => {
  const bytes = Buffer.from('0123456789abcdefgh')
  assert.equal(
    hexDump(bytes, 17),
    '000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66   0123456789abcdef\n' +
      `000010  67[68]${' '.repeat(44)}gh\n`,
  )
  assert.match(hexDump(bytes, 18), /^000010 {2}67 68\[--\] +gh$/m)
  assert.match(hexDump(bytes.subarray(0, 16), 16), /^000010 \[--\]/m)
  assert.doesNotMatch(hexDump(bytes, undefined), /\[/)
  assert.equal(hexDump(Buffer.alloc(0), undefined), '\n')
})

test('a long value is shown around its mark, saying how much is left out', () => {
  const dump = hexDump(Buffer.alloc(100_000), 50_000)
  assert.match(dump, /^… 49808 bytes before\n/)
  assert.match(dump, /\[00\]/)
  assert.match(dump, /… 49808 bytes after\n$/)
  assert.equal(dump.split('\n').length, 27)
})

test('the offending byte is where decoding stopped', () => {
  const at = (value: string, reason: DeadLetterReason, detail: string): number | undefined =>
    offendingByte(Buffer.from(value), deadLetter(reason, 'decode', detail))
  for (const [text, byte] of [
    ['{"ü": x}', 7],
    ['nope', 1],
    ['{"a":tru}', 8],
    ['{"a":1,}', 7],
    ['{"a":"\n"}', 6],
    ['{"a":"\\x"}', 7],
    ['{"a":01}', 6],
    ['{} {}', 3],
    ['{"a":1', 6],
    ['{', 1],
  ] as const) {
    const into: unknown[] = [undefined]
    // What the decoder really says of it.
    const detail = new JsonFields(['a']).read(Buffer.from(text), 0, Buffer.byteLength(text), into)
    assert.equal(at(text, 'undecodable', detail ?? ''), byte, text)
    assert.equal(at(`\0\0\0\0\x01${text}`, 'undecodable', detail ?? ''), byte + 5, text)
  }
  assert.equal(at('abc', 'undecodable', 'length must be from 0 to 2, at byte 2'), 2)
  assert.equal(at('abc', 'not-wire-format', ''), 0)
  assert.equal(at('\0bc', 'not-wire-format', ''), 1)
  assert.equal(at('abc', 'invalid-event', 'field "x" at byte 2'), undefined)
  assert.equal(offendingByte(null, deadLetter('empty-value', 'decode', '')), undefined)
})
