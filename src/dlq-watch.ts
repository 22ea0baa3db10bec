import process from 'node:process'
import type { Config } from './config/schema.ts'
import { EXIT, ServiceError } from './domain/errors.ts'
import { systemClock } from './runtime/clock.ts'
import { endProcess } from './runtime/end-process.ts'
import { limitHeapGrowth } from './runtime/heap-growth.ts'
import { listen } from './serving/http.ts'
import { createWatchApp } from './serving/watch-app.ts'
import type { KafkaLog } from './source/kafka-log.ts'
import { logFailure } from './telemetry/log-events.ts'
import { createLog } from './telemetry/log.ts'
import type { Log } from './telemetry/log.ts'
import { QueueWatch } from './tools/dlq/watch.ts'
import type { WatchEvents } from './tools/dlq/watch.ts'

/**
 * `millrace dlq watch`: follows the dead-letter topic and serves how many letters wait, until a signal or a failure
 * ends it. It answers from the beginning, so that it can say what it waits for.
 *
 * @returns the exit status of a failure; a signal ends the process with 0
 */
export async function runWatch(config: Config, deadLetters: KafkaLog): Promise<number> {
  const stopped = aSignal()
  const { appId, deadLetterTopic, httpHost, httpPort, logLevel, logFormat } = config
  const log = await createLog({ level: logLevel, format: logFormat, fields: { app: appId } })
  const watch = new QueueWatch({
    log: deadLetters,
    partitions: () => deadLetters.partitionCount(),
    appId,
    clock: systemClock,
  })
  const app = createWatchApp({
    snapshot: () => watch.snapshot(),
    metrics: () => watch.metrics(),
    now: () => systemClock.now(),
  })
  try {
    limitHeapGrowth()
    const port = await listen(app, httpHost, httpPort)
    log('STARTED', `watching "${deadLetterTopic}", serving ${httpHost}:${port}`, { port })
    await Promise.race([watch.run(eventsTo(log)), stopped])
    await app.close()
    log('STOPPED', 'stopped as asked')
    // A request may be on its way to a broker that is away, and there is nothing to finish.
    return endProcess(EXIT.ok)
  } catch (error) {
    const status = error instanceof ServiceError ? error.exitStatus : EXIT.internal
    logFailure(log, error, status)
    return status
  }
}

function eventsTo(log: Log): WatchEvents {
  return {
    readToEnds: (records) =>
      log('QUEUE_READ', `read to the ends of the topic: ${records} records so far`, { records }),
    retrying: (error, waitMs) =>
      log('RETRYING', error.message, { error: error.code, waitMs: Math.round(waitMs) }),
  }
}

function aSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}
