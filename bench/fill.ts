import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from '@confluentinc/kafka-javascript'
import { closeProducer, connectProducer } from './cluster.ts'
import type { EventGenerator, Fate, InputEvent } from './events.ts'
import type { Progress } from './progress.ts'

const FILL_LINGER_MS = 5
const QUEUE_FULL = -184
/** Events between two looks at the clock, so that progress is shown and callbacks get their turn. */
const CHUNK = 5_000

/**
 * Fills a topic with the generator's next events, as fast as it goes, and waits until all are there.
 *
 * @returns what must become of each
 */
export async function fillTopic(options: {
  readonly brokers: string
  readonly topic: string
  readonly events: number
  readonly generator: Pick<EventGenerator, 'next'>
  readonly progress: Progress
}): Promise<readonly Fate[]> {
  const { brokers, topic, events, generator, progress } = options
  const producer = await connectProducer(brokers, topic, FILL_LINGER_MS)
  const fates: Fate[] = []
  for (let sent = 0; sent < events; sent++) {
    if (sent % CHUNK === 0) {
      progress.count('filling the input topic', sent, events)
      await sleep(0)
    }
    const event = generator.next()
    fates.push(event.fate)
    while (!tryProduce(producer, topic, event)) await sleep(2)
  }
  await closeProducer(producer)
  return fates
}

/** Queues an event; false when the client's queue is full. */
export function tryProduce(producer: Producer, topic: string, event: InputEvent): boolean {
  try {
    producer.produce(topic, null, event.value, event.key)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === QUEUE_FULL) return false
    throw error
  }
}
