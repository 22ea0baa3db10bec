import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMetadata, parseMetadata } from '../../../src/features/offset-metadata.ts'
import type { OffsetMetadata } from '../../../src/features/offset-metadata.ts'
import { NOTHING_TO_REPLAY } from '../../../src/features/stream-time.ts'

const LAYOUT = { hash: 7, text: 'key k' }
const TOLD: readonly (readonly [OffsetMetadata, string])[] = [
  [
    {
      position: { streamTimeMs: 1700, replayFrom: 42, replayStreamTimeMs: 900 },
      layout: LAYOUT,
      changelog: { from: 3, tiles: 12 },
    },
    '{"v":2,"t":1700,"r":42,"rt":900,"s":3,"c":12,"h":7,"l":"key k"}',
  ],
  [
    {
      position: { streamTimeMs: 0, replayFrom: 0, replayStreamTimeMs: undefined },
      layout: LAYOUT,
      changelog: undefined,
    },
    '{"v":2,"t":0,"r":0,"h":7,"l":"key k"}',
  ],
  [
    {
      position: {
        streamTimeMs: undefined,
        replayFrom: NOTHING_TO_REPLAY,
        replayStreamTimeMs: undefined,
      },
      layout: LAYOUT,
      changelog: { from: 0, tiles: 0 },
      writer: 'pod-0',
    },
    '{"v":2,"r":9007199254740991,"s":0,"c":0,"w":"pod-0","h":7,"l":"key k"}',
  ],
]

for (const [metadata, text] of TOLD) {
  test(`metadata travels as ${text} and comes back whole`, () => {
    assert.equal(encodeMetadata(metadata), text)
    assert.deepEqual(parseMetadata(text), metadata)
  })
}

test('the largest metadata stays below what brokers take', () => {
  const text = encodeMetadata({
    position: {
      streamTimeMs: 8.64e15,
      replayFrom: Number.MAX_SAFE_INTEGER - 1,
      replayStreamTimeMs: 8.64e15,
    },
    layout: { hash: 2 ** 32 - 1, text: '€'.repeat(400) },
    changelog: { from: Number.MAX_SAFE_INTEGER, tiles: Number.MAX_SAFE_INTEGER },
    writer: 'i'.repeat(200),
  })
  assert.ok(Buffer.byteLength(text) < 4_096, `${Buffer.byteLength(text)} bytes`)
  assert.notEqual(parseMetadata(text), undefined)
})

const REST = '"h":7,"l":""}'
const FOREIGN = [
  '',
  'none',
  '{',
  'null',
  '7',
  '[]',
  '{}',
  `{"v":1,"t":1,"r":1,${REST}`,
  `{"v":2,"t":1,${REST}`,
  `{"v":2,"t":1,"r":-1,${REST}`,
  `{"v":2,"t":1,"r":1.5,${REST}`,
  `{"v":2,"t":"1","r":1,${REST}`,
  `{"v":2,"t":null,"r":1,${REST}`,
  `{"v":2,"t":-1,"r":1,${REST}`,
  `{"v":2,"t":1,"r":9007199254740992,${REST}`,
  `{"v":2,"t":1,"r":1,"rt":2,${REST}`,
  `{"v":2,"r":1,${REST}`,
  `{"v":2,"t":1,"r":9007199254740991,${REST}`,
  `{"v":2,"r":9007199254740991,"rt":1,${REST}`,
  `{"v":2,"t":1,"r":1,"s":1,${REST}`,
  `{"v":2,"t":1,"r":1,"c":1,${REST}`,
  `{"v":2,"t":1,"r":1,"s":-1,"c":1,${REST}`,
  `{"v":2,"t":1,"r":1,"w":"",${REST}`,
  `{"v":2,"t":1,"r":1,"w":7,${REST}`,
  `{"v":2,"t":1,"r":1,"w":"${'i'.repeat(201)}",${REST}`,
  '{"v":2,"t":1,"r":1}',
  '{"v":2,"t":1,"r":1,"h":7}',
  '{"v":2,"t":1700,"r":42,"rt":900'.slice(0, 20),
]

for (const text of FOREIGN) {
  test(`metadata ${JSON.stringify(text)} is not ours, and no error`, () => {
    assert.equal(parseMetadata(text), undefined)
  })
}

test('absent metadata, and metadata longer than ours can be, is not ours', () => {
  assert.equal(parseMetadata(undefined), undefined)
  const [, text] = TOLD[0] ?? [undefined, '']
  const spaced = text + ' '.repeat(2_000 - text.length)
  assert.notEqual(parseMetadata(spaced), undefined)
  assert.equal(parseMetadata(`${spaced} `), undefined)
})
