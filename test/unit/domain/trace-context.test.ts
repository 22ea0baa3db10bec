import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Header } from '../../../src/domain/record.ts'
import { isSampled, traceContextOf, traceHeadersOf } from '../../../src/domain/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const PARENT = `00-${TRACE}-${SPAN}-01`

function traceOf(parent: string, state?: string) {
  const headers: Header[] = [{ traceparent: Buffer.from(parent) }]
  if (state !== undefined) headers.push({ tracestate: Buffer.from(state) })
  return traceHeadersOf(headers)
}

test('a trace context is read, and its headers are passed on as they are', () => {
  const headers = [
    { other: 'x' },
    { traceparent: Buffer.from(PARENT) },
    { tracestate: Buffer.from('a=1,b=2') },
  ]
  const trace = traceHeadersOf(headers)
  assert.ok(trace !== undefined)
  assert.deepEqual(trace.headers, headers.slice(1))
  assert.deepEqual(traceContextOf(trace), {
    traceId: TRACE,
    spanId: SPAN,
    flags: 1,
    state: 'a=1,b=2',
  })
})

const FLAGS = [
  ['00', false],
  ['01', true],
  ['02', false],
  ['03', true],
  ['ff', true],
] as const

for (const [flags, isKept] of FLAGS) {
  test(`flags ${flags}: the trace is ${isKept ? '' : 'not '}sampled`, () => {
    const trace = traceOf(`00-${TRACE}-${SPAN}-${flags}`)
    assert.ok(trace !== undefined)
    assert.equal(isSampled(trace), isKept)
    assert.equal(traceContextOf(trace).flags, Number.parseInt(flags, 16))
  })
}

const UNSOUND = [
  ['nothing', ''],
  ['another version of the same length with an unknown end', `01-${TRACE}-${SPAN}-01x`],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['a version that is no number', `0g-${TRACE}-${SPAN}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['flags that are no number', `00-${TRACE}-${SPAN}-0x`],
  ['no dash', `00-${TRACE}+${SPAN}-01`],
  ['too short', PARENT.slice(0, -1)],
  ['version 00 with more behind it', `${PARENT}-extra`],
] as const

for (const [what, parent] of UNSOUND) {
  test(`a traceparent of ${what} counts as none, and its tracestate with it`, () => {
    assert.equal(traceOf(parent, 'a=1'), undefined)
  })
}

test('a later version is read as far as it is understood', () => {
  assert.ok(traceOf(`01-${TRACE}-${SPAN}-01`) !== undefined)
  const parent = `cc-${TRACE}-${SPAN}-01-what-the-future-will-bring`
  assert.deepEqual(traceOf(parent)?.headers, [{ traceparent: Buffer.from(parent) }])
})

test('of several headers of a name the last counts', () => {
  const other = `00-${'1'.repeat(32)}-${SPAN}-00`
  const trace = traceHeadersOf([{ traceparent: other }, { traceparent: PARENT }])
  assert.deepEqual(trace?.headers, [{ traceparent: PARENT }])
})

test('a tracestate that is empty, or longer than 512 bytes, is dropped alone', () => {
  const whole = `k=${'v'.repeat(510)}`
  assert.equal(traceOf(PARENT, whole)?.headers.length, 2)
  for (const state of ['', `${whole}v`]) assert.equal(traceOf(PARENT, state)?.headers.length, 1)
})

test('records without headers, or without a trace context, have none', () => {
  assert.equal(traceHeadersOf(undefined), undefined)
  assert.equal(traceHeadersOf([]), undefined)
  assert.equal(traceHeadersOf([{ tracestate: 'a=1' }]), undefined)
})
