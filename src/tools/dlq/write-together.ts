import { ServiceError } from '../../domain/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { OutputBatch } from '../../sink/output-batch.ts'
import type { TransactionalProducer } from '../../sink/port.ts'

const QUEUE_WAIT_MS = 50
/** Longest wait for room in the producer's queue: the broker aborts the transaction before. */
const QUEUE_WAITS_MAX = 200

/**
 * Writes records in a transaction of their own.
 *
 * @throws ServiceError none of them is written, unless its code is `COMMIT_UNCERTAIN`
 */
export async function writeTogether(
  producer: TransactionalProducer,
  batch: OutputBatch,
  clock: Clock,
): Promise<void> {
  await producer.beginTransaction()
  try {
    await queueAll(producer, batch, clock)
    await producer.commitTransaction()
  } catch (error) {
    // Left open it would hold back the readers of what it wrote to until the broker's time-out.
    if (error instanceof ServiceError && error.disposition !== 'rebuild') {
      await producer.abortTransaction().catch(() => undefined)
    }
    throw error
  }
}

async function queueAll(
  producer: TransactionalProducer,
  batch: OutputBatch,
  clock: Clock,
): Promise<void> {
  let queued = 0
  for (let waits = 0; queued < batch.count; waits += 1) {
    if (waits > QUEUE_WAITS_MAX) {
      const message = `the producer's queue has been full for ${waits * QUEUE_WAIT_MS} ms`
      throw new ServiceError('PRODUCER_QUEUE_FULL', message)
    }
    if (waits > 0) await clock.sleep(QUEUE_WAIT_MS)
    queued = await producer.produce(batch, queued)
  }
}
