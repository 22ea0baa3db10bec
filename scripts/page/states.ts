import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { setUp } from '../demo/act.ts'
import { replay } from '../demo/replay.ts'
import { DemoService } from '../demo/service.ts'
import type { Flight } from '../flights/flight.ts'
import { freePorts } from '../testbed/ports.ts'
import { startTestbed } from '../testbed/testbed.ts'

const LOG = resolve(import.meta.dirname, '../../.millrace/logs/page-states.log')
/** About a month. */
const FLIGHTS = 27_000
const FLOOD = 5_000
const RATE = 3_000
const STATE_WAIT_MS = 90_000

/** Takes a picture of the page as it is. `from`: what is at its upper edge; its beginning, unless given. */
export type Take = (name: string, from?: string) => Promise<void>

/**
 * Brings a real service into states that somebody would want to recognize: drifting, then tripped.
 *
 * @throws Error when it does not come there
 */
export async function showStates(
  page: Page,
  flights: readonly Flight[],
  take: Take,
): Promise<void> {
  const testbed = await startTestbed()
  const { topics, env } = await setUp(testbed, 'states')
  const [port = 0] = await freePorts(1)
  // The good records before the flood are of the same minute, and few would be a share too small.
  const own = { DLQ_MAX_RATIO: '0.05', DRIFT_WINDOW_RECORDS: String(FLIGHTS / 2) }
  const service = new DemoService({ port, env: { ...env, ...own }, logFile: LOG })
  const { brokers, registryUrl } = testbed
  const to = { brokers, registryUrl, topic: topics.input, rate: RATE, onSent: () => undefined }
  try {
    await service.ready()
    await page.goto(service.url)
    await replay({ ...to, flights: inSeconds(flights.slice(0, FLIGHTS)) })
    await shows(page, '#drift-rows', /drifts/)
    await shows(page, '#state', /^caught up$/)
    await take('drifting', '#scores')

    await replay({ ...to, flights: inMicroseconds(flights.slice(FLIGHTS, FLIGHTS + FLOOD)) })
    await shows(page, '#state', /^tripped$/)
    await page.evaluate('scrollTo(0, 0)')
    await take('tripped')
  } finally {
    service.kill()
    await testbed.stop()
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
