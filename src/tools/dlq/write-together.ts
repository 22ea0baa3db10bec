import { ServiceError } from '../../domain/errors.ts'
import type { OutputRecord } from '../../domain/record.ts'
import type { Clock } from '../../runtime/clock.ts'
import { OutputBatch } from '../../sink/output-batch.ts'
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
  records: readonly OutputRecord[],
  clock: Clock,
): Promise<void> {
  const batch = new OutputBatch()
  for (const record of records) batch.add(record)
  await producer.beginTransaction()
  try {
    await queueAll(producer, batch, clock)
    await producer.commitTransaction()
  } catch (error) {
    // Left open it would hold back the readers of the input topic until the broker's time-out.
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
