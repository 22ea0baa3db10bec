import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

const CHROMIUM = resolve(import.meta.dirname, '../../.millrace/bin/chromium')
/** It asks for nothing by itself. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
]

/** Chromium, without a window. @throws Error when `make browser` has not been run */
export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error('there is no Chromium: run `make browser` first')
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET })
}
