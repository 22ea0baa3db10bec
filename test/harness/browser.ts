import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What a visitor looks with. */
export const VISITORS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
} as const satisfies Record<string, BrowserContextOptions>

/** A page that somebody looks at, and what went wrong or went elsewhere meanwhile. */
export class Visit {
  readonly page: Page
  /** Errors of script or policy, and requests to another origin. */
  readonly problems: string[] = []

  private constructor(page: Page, url: string) {
    this.page = page
    const { origin } = new URL(url)
    page.on('pageerror', ({ message }) => this.problems.push(message))
    page.on('dialog', (dialog) => {
      this.problems.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('console', (message) => {
      // What does not answer is on the page already.
      const isAway = /Failed to load resource/.test(message.text())
      if (message.type() === 'error' && !isAway) this.problems.push(message.text())
    })
    page.on('request', (request) => {
      const asked = request.url()
      if (!asked.startsWith(`${origin}/`) && !asked.startsWith('data:')) {
        this.problems.push(`asked ${asked}`)
      }
    })
  }

  /** Opens the page of a service; waits until it shows something. */
  static async open(browser: Browser, url: string, as: BrowserContextOptions): Promise<Visit> {
    const page = await browser.newPage(as)
    const visit = new Visit(page, url)
    await page.goto(`${url}/`)
    await visit.shows('#live', /^live$/)
    return visit
  }

  /** Comes back to the page, which asks the service at once. */
  async look(): Promise<void> {
    await this.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
  }

  /** Waits until an element's text is as wanted. @returns the text */
  async shows(selector: string, wanted: RegExp, waitMs = 60_000): Promise<string> {
    const deadline = performance.now() + waitMs
    let text = ''
    while (performance.now() < deadline) {
      text = await this.text(selector)
      if (wanted.test(text)) return text
      await this.page.waitForTimeout(50)
    }
    throw new Error(`${selector} never was ${String(wanted)}, but "${text}"`)
  }

  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).textContent()) ?? ''
  }

  /** The cells of a table's body, row by row. */
  async rows(selector: string): Promise<string[][]> {
    return this.evaluate(
      `[...document.querySelectorAll('${selector} tr')].map((row) => [...row.children].map((cell) => cell.textContent))`,
    )
  }

  /** A description list as names and texts. */
  async facts(selector: string): Promise<Readonly<Record<string, string>>> {
    const pairs = await this.evaluate<[string, string][]>(
      `[...document.querySelectorAll('${selector} > div')].map((group) => [...group.children].map((part) => part.textContent))`,
    )
    return Object.fromEntries(pairs)
  }

  /** Runs an expression in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    return (await this.page.evaluate(expression)) as Value
  }

  /** That axe-core finds nothing serious, nothing is wider than the window, and nothing went wrong. */
  async check(what: string): Promise<void> {
    await this.page.evaluate(AXE)
    const found = await this.evaluate<{ impact: string; told: string }[]>(
      `axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => ({
        impact,
        told: id + ': ' + nodes.map(({ html }) => html).join(' '),
      })))`,
    )
    const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    assert.deepEqual(serious, [], what)
    const tooWide = await this.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    assert.ok(tooWide <= 0, `${what}: ${tooWide} px wider than the window`)
    assert.deepEqual(this.problems, [], what)
  }
}
