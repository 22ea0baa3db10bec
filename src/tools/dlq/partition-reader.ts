import { ServiceError } from '../../domain/errors.ts'
import type { InputRecord } from '../../domain/record.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { LogReader } from '../../source/log-port.ts'

/** Most records of one poll. */
const POLL_RECORDS = 1_000
const RETRY_MS = 200
/** Longest time without any progress: an open transaction of a dead instance ends before. */
const STALL_MS = 60_000

/** A part of one partition's log. */
export interface Span {
  readonly partition: number
  /** First offset of it, or one that the log has lost since. */
  readonly start: number
  /** One past the last. */
  readonly end: number
}

/**
 * Reads a part of the dead-letter topic in offset order, a batch for each poll, which may be empty. It ends when
 * all of it is read, open transactions decided.
 *
 * @throws ServiceError `KAFKA_UNAVAILABLE` when it comes no further
 */
export async function* readPartition(
  log: LogReader,
  clock: Clock,
  { partition, start, end }: Span,
): AsyncGenerator<readonly InputRecord[]> {
  log.open(partition, start)
  let stalledSinceMs = clock.monotonic()
  try {
    for (let position = start; position < end; ) {
      const records: InputRecord[] = []
      await patientPoll(log, clock, (record) => {
        if (record.offset < end) records.push(record)
      })
      yield records
      const nowMs = clock.monotonic()
      const reached = log.position(partition)
      if (reached > position) stalledSinceMs = nowMs
      else if (nowMs - stalledSinceMs > STALL_MS) throw stalled(partition, position, end)
      position = reached
    }
  } finally {
    log.close(partition)
  }
}

/** A broker that is away for a moment shows as standing still. */
async function patientPoll(
  log: LogReader,
  clock: Clock,
  visit: (record: InputRecord) => void,
): Promise<void> {
  try {
    await log.poll(POLL_RECORDS, visit)
  } catch (error) {
    if (!(error instanceof ServiceError) || error.disposition !== 'retry') throw error
    await clock.sleep(RETRY_MS)
  }
}

function stalled(partition: number, position: number, end: number): ServiceError {
  return new ServiceError(
    'KAFKA_UNAVAILABLE',
    `partition ${partition} of the dead-letter topic must be readable up to offset ${end}, but stands ` +
      `still at ${position}: a broker is away, or a transaction stays open`,
  )
}
