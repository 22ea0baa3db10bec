import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ALERT_GROUPS, alertEntries, runbookOf } from '../../../scripts/monitoring/alerts.ts'

const PAGE = 'docs/operations.md'
const TEXT = readFileSync(resolve(import.meta.dirname, '../../..', PAGE), 'utf8')

/** The anchors of a page's headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-')
  return new Set(headings.map(anchor))
}

test('the runbook link of every alert leads to a heading', () => {
  const anchors = anchorsOf(TEXT)
  for (const [name] of ALERT_GROUPS.flatMap(alertEntries)) {
    const [page, anchor = ''] = runbookOf(name).split('#')
    assert.equal(page, PAGE)
    assert.ok(anchors.has(anchor), runbookOf(name))
  }
})

test('every link within the page leads to a heading', () => {
  const anchors = anchorsOf(TEXT)
  const links = [...TEXT.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor)
  assert.ok(links.length > 5)
  assert.deepEqual(
    links.filter((anchor) => !anchors.has(anchor)),
    [],
  )
})
