import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decoded, Decoder } from '../../src/decode/port.ts'
import type { EventMapping } from '../../src/domain/model-spec.ts'
import { inputRecord } from '../fixtures/records.ts'
import { ENGAGEMENT_EVENT } from '../fixtures/specs.ts'

/** The fields of the events a world can write. */
export interface Written {
  readonly user_id: string | null
  readonly action: string | null
  readonly value: number | null
}

/** A decoder and the other side of it: something that writes what it reads. */
export interface DecoderWorld {
  decoder(mapping: EventMapping): Decoder
  valueOf(written: Written): Buffer
  /** How a field that is null is written: Protobuf has no null. */
  readonly absent: 'null' | 'absent'
  close(): Promise<void>
}

/** The contract of `Decoder`, run on every decoder. */
export function decoderContract(name: string, openWorld: () => Promise<DecoderWorld>): void {
  const law = (title: string, body: (world: DecoderWorld, decoder: Decoder) => Promise<void>) => {
    test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
      const world = await openWorld()
      try {
        await body(world, world.decoder(ENGAGEMENT_EVENT))
      } finally {
        await world.close()
      }
    })
  }

  law('a record that fits the mapping becomes an event', async (world, decoder) => {
    const value = world.valueOf({ user_id: 'ü1', action: null, value: 10.5 })
    const [decoded] = await decoder.decode([inputRecord({ value })])
    assert.deepEqual(decoded?.result, {
      kind: 'event',
      event: { key: 'ü1', timeMs: 1_357_000_000_000, id: 'events-3-41', values: [null, 10.5] },
    })
  })

  law('a record without bytes is a dead letter: empty-value', async (_world, decoder) => {
    const empty = [inputRecord({ value: null }), inputRecord({ value: Buffer.alloc(0) })]
    assert.deepEqual((await decoder.decode(empty)).map(fateOf), ['empty-value', 'empty-value'])
  })

  law('a record that lacks a required field is a dead letter', async (world, decoder) => {
    const value = world.valueOf({ user_id: 'u1', action: 'x', value: null })
    const [decoded] = await decoder.decode([inputRecord({ value })])
    assert.deepEqual(decoded?.result, {
      kind: 'dead-letter',
      reason: 'invalid-event',
      stage: 'decode',
      detail:
        world.absent === 'null'
          ? 'field "value" must be a finite double, got null'
          : 'field "value" must be a finite double, but it is missing',
    })
  })

  law(
    'bad records among good ones change neither order nor fate of the others',
    async (world, decoder) => {
      const good = world.valueOf({ user_id: 'u1', action: 'x', value: 1 })
      const values = [good, Buffer.from([0xff]), good, good.subarray(0, -1), null, good]
      const records = values.map((value, offset) => inputRecord({ value, offset }))
      const decoded = await decoder.decode(records)
      assert.deepEqual(
        decoded.map(({ record }) => record),
        records,
      )
      const isEvent = decoded.map(({ result }) => result.kind === 'event')
      assert.deepEqual(isEvent, [true, false, true, false, false, true])
    },
  )

  law('the same batch decodes to the same again', async (world, decoder) => {
    const value = world.valueOf({ user_id: 'u1', action: 'x', value: 0.1 })
    const records = [inputRecord({ value }), inputRecord({ value, offset: 42 })]
    assert.deepEqual(await decoder.decode(records), await decoder.decode(records))
    assert.equal(decoder.readyCount(records), 2)
  })

  law('an empty batch decodes to nothing', async (_world, decoder) => {
    assert.deepEqual(await decoder.decode([]), [])
  })
}

function fateOf({ result }: Decoded): string {
  return result.kind === 'dead-letter' ? result.reason : result.kind
}
