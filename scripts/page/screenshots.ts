/**
 * Takes the pictures of `docs/page.md`: real services on real brokers, first with drift and a flood of dead letters,
 * then with three minutes of flights.
 *
 *     node scripts/page/screenshots.ts
 */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { play } from '../demo/act.ts'
import { Screen } from '../demo/screen.ts'
import type { DemoService } from '../demo/service.ts'
import { readFlights } from '../flights/flights.ts'
import { startTestbed } from '../testbed/testbed.ts'
import { launchBrowser } from './browser.ts'
import { showStates } from './states.ts'

const FOLDER = resolve(import.meta.dirname, '../../docs/images')
/** Events a second; all flights last longer than `SECONDS`. */
const RATE = 1_700
/** Long enough for the charts to be full. */
const SECONDS = 185
const PICTURES = [
  { name: 'page-light', width: 1280, height: 900, colorScheme: 'light', fullPage: true },
  { name: 'page-dark', width: 1280, height: 900, colorScheme: 'dark', fullPage: false },
  { name: 'page-phone', width: 390, height: 844, colorScheme: 'light', fullPage: false },
] as const

/** About a month: days go by in a second here, and a window is a day of the wall clock unless told otherwise. */
const DRIFT_WINDOW_RECORDS = 27_000
/** Wide enough for the table of partitions beside nothing else. */
const STATE_VIEWPORT = { width: 1000, height: 760 }

const flights = await readFlights()
const browser = await launchBrowser()
const visit = await browser.newPage({ viewport: STATE_VIEWPORT })
await showStates(visit, flights, async (name, from) => {
  if (from !== undefined)
    await visit.evaluate(`document.querySelector('${from}').scrollIntoView(); scrollBy(0, -24)`)
  await visit.screenshot({ path: `${FOLDER}/page-${name}.png` })
})
await showRunning()
await browser.close()
// What is still being written has nowhere to go.
process.exit()

async function showRunning(): Promise<void> {
  const testbed = await startTestbed()
  const services: DemoService[] = []
  try {
    const act = play({
      name: 'page',
      testbed,
      flights,
      rate: RATE,
      screen: new Screen(),
      env: { DRIFT_WINDOW_RECORDS: String(DRIFT_WINDOW_RECORDS) },
      onService: (service) => services.push(service),
    })
    act.catch(() => undefined)
    await Promise.race([act, sleep(SECONDS * 1_000)])
    const [service] = services
    if (service === undefined) throw new Error('there is no service')
    await takePictures(service.url)
  } finally {
    for (const service of services) service.kill()
    await testbed.stop()
  }
}

async function takePictures(url: string): Promise<void> {
  for (const { name, width, height, colorScheme, fullPage } of PICTURES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme })
    await page.goto(`${url}/`)
    await page.waitForFunction("document.getElementById('model-facts').children.length > 0")
    await page.screenshot({ path: `${FOLDER}/${name}.png`, fullPage })
    await page.close()
  }
}
