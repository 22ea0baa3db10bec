import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { KafkaSource } from '../../src/source/kafka-consumer.ts'
import type { Rebalance } from '../../src/source/port.ts'
import { testbedAddresses } from '../harness/bed.ts'

const PARTITIONS = [0, 1] as const
const POLLS = 20

if (canKafka('consumeBatch')) {
  test('polls are short while all partitions wait for their start, and long once records may come', {
    timeout: 60_000,
  }, async (t) => {
    const { brokers } = testbedAddresses()
    const topic = `w${process.pid}-${Date.now().toString(36)}`
    await createTopics(brokers, [{ name: topic, partitions: PARTITIONS.length }])
    const source = new KafkaSource({
      topic,
      properties: {
        'bootstrap.servers': brokers,
        'group.id': topic,
        'partition.assignment.strategy': 'cooperative-sticky',
        'enable.auto.commit': false,
      },
    })
    t.after(() => source.close())
    await source.connect()
    const rebalances: Rebalance[] = []
    source.subscribe((rebalance) => rebalances.push(rebalance))
    while (rebalances.length === 0) await source.poll(1)
    rebalances[0]?.answer()
    const waitingMs = await pollsMs(source)
    await source.seek(PARTITIONS.map((partition) => ({ partition, offset: 0 })))
    const idleMs = await pollsMs(source)
    // 10 and 50 ms each.
    assert.ok(idleMs > 2 * waitingMs, `${waitingMs} ms waiting, ${idleMs} ms idle`)
    source.pause([0])
    const halfMs = await pollsMs(source)
    assert.ok(halfMs > 2 * waitingMs, `${waitingMs} ms waiting, ${halfMs} ms with one paused`)
  })
}

async function pollsMs(source: KafkaSource): Promise<number> {
  const startedAt = performance.now()
  for (let poll = 0; poll < POLLS; poll += 1) await source.poll(1)
  return performance.now() - startedAt
}
