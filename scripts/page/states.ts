import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { setUp } from '../demo/act.ts'
import { replay } from '../demo/replay.ts'
import { DemoService } from '../demo/service.ts'
import type { Flight } from '../flights/flight.ts'
import { freePorts } from '../testbed/ports.ts'
import { startOwn } from '../testbed/testbed.ts'
import { BreakingProxy } from '../torture/proxy.ts'

const LOG = resolve(import.meta.dirname, '../../.millrace/logs/page-states.log')
/** About a month. */
const FLIGHTS = 27_000
const FLOOD = 5_000
const RATE = 3_000
const STATE_WAIT_MS = 90_000
/** Restoring takes several looks of the page. */
const SLOW_BY_MS = 700
const GONE_MS = 12_000

/** Takes a picture of the page as it is. `from`: what is at its upper edge; its beginning, unless given. */
export type Take = (name: string, from?: string) => Promise<void>

/**
 * Brings a real service into each state that somebody would want to recognize: drifting, tripped, restoring, and
 * without its broker, to which it goes by way of a proxy.
 *
 * @throws Error when it does not come there
 */
export async function showStates(
  page: Page,
  flights: readonly Flight[],
  take: Take,
): Promise<void> {
  const stage = await setStage()
  try {
    const service = stage.start({
      DLQ_TRIP_PAUSE_MS: '600000',
      // The good ones before are of the same minute.
      DLQ_MAX_RATIO: '0.05',
      DRIFT_WINDOW_RECORDS: String(FLIGHTS / 2),
    })
    await service.ready()
    await page.goto(service.url)
    await stage.send(inSeconds(flights.slice(0, FLIGHTS)))
    await shows(page, '#drift-rows', /drifts/)
    await shows(page, '#state', /^caught up$/)
    await take('drifting', '#scores')

    await stage.send(inMicroseconds(flights.slice(FLIGHTS, FLIGHTS + FLOOD)))
    await shows(page, '#state', /^tripped$/)
    await page.evaluate('scrollTo(0, 0)')
    await take('tripped')
    await service.stop()

    stage.start({ DLQ_MAX_RATIO: '1' })
    await shows(page, '#state', /^(starting|restoring|catching up|caught up)$/)
    stage.proxy.delay(SLOW_BY_MS)
    await shows(page, '#sentence', /^Restoring partitions? [\d, and]+, [1-9]\d* %/)
    await take('restoring')
    stage.proxy.delay(0)
    await shows(page, '#state', /^caught up$/)

    await stage.proxy.close()
    await shows(page, '#state', /^broker gone$/)
    await sleep(GONE_MS)
    await take('broker-gone')
  } finally {
    await stage.stop()
  }
}

/** A broker behind a proxy, topics for flights, and services one after the other at the same address. */
async function setStage() {
  const [target = 0, detour = 0, port = 0] = await freePorts(3)
  const testbed = await startOwn({ port: target, advertisedPort: detour })
  const proxy = await BreakingProxy.listen(detour, target)
  const { topics, env } = await setUp(testbed, 'states')
  const { brokers, registryUrl } = testbed
  const to = { brokers, registryUrl, topic: topics.input, rate: RATE, onSent: () => undefined }
  const started: DemoService[] = []
  return {
    proxy,
    send: (some: readonly Flight[]) => replay({ ...to, flights: some }),
    start: (more: Readonly<Record<string, string>>): DemoService => {
      const own = { ...env, KAFKA_BROKERS: `127.0.0.1:${detour}`, ...more }
      const service = new DemoService({ port, env: own, logFile: LOG })
      started.push(service)
      return service
    },
    stop: async (): Promise<void> => {
      for (const service of started) service.kill()
      await testbed.stop()
    },
  }
}

/** As when a writer has changed the unit of its delays: no record is wrong, and every answer is. */
function inSeconds(flights: readonly Flight[]): readonly Flight[] {
  return flights.map((flight) => ({
    ...flight,
    depDelay: flight.depDelay === null ? null : flight.depDelay * 60,
  }))
}

/** As when a writer has changed the unit of its times: every record is a dead letter. */
function inMicroseconds(flights: readonly Flight[]): readonly Flight[] {
  return flights.map((flight) => ({ ...flight, departedAtMs: flight.departedAtMs * 1_000 }))
}

/** Waits until the page says so. @throws Error when it does not */
async function shows(page: Page, selector: string, wanted: RegExp): Promise<void> {
  const deadline = performance.now() + STATE_WAIT_MS
  let text = ''
  while (performance.now() < deadline) {
    text = (await page.locator(selector).textContent()) ?? ''
    if (wanted.test(text)) return
    await sleep(50)
  }
  throw new Error(`${selector} is never ${String(wanted)}, but ${text}`)
}
