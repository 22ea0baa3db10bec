import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Script } from 'node:vm'
import { createApp } from '../../../src/serving/app.ts'
import { loadPage } from '../../../src/serving/page.ts'
import { appParts } from '../../fixtures/app.ts'
import { IDENTITY, NOW_MS, snapshotOf } from '../../fixtures/snapshot.ts'

const BYTES_MAX = 40_000

const { html, policy } = loadPage()

/** What stands in the one element of this name. */
function within(tag: string): string {
  const found = [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))]
  assert.equal(found.length, 1, tag)
  return found[0]?.[1] ?? ''
}

test('the policy lets in one style and one script, by the hash of what the page has', () => {
  for (const tag of ['style', 'script']) {
    const hash = createHash('sha256').update(within(tag)).digest('base64')
    assert.ok(policy.includes(`${tag}-src 'sha256-${hash}';`), tag)
  }
  assert.match(policy, /^default-src 'none';/)
  assert.doesNotMatch(policy, /unsafe|\*|https?:/)
})

test('the page asks nobody but its own service, and has nothing a strict policy would refuse', () => {
  const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)
  assert.ok(addresses.length > 5)
  for (const address of addresses) assert.match(String(address), /^(?!\/\/)(?:#|data:,|[a-z])/)
  for (const address of addresses) assert.doesNotMatch(String(address), /^https?:/)
  assert.doesNotMatch(html, /<link rel="stylesheet|@import|url\(/)
  assert.doesNotMatch(html, / on[a-z]+="| style="|javascript:/)
  assert.ok(html.length < BYTES_MAX, `the page has ${html.length} bytes`)
})

test('its script is one program: no import or export is left, and it compiles', () => {
  const script = within('script')
  assert.doesNotMatch(script, /^(?:import|export) /m)
  assert.doesNotThrow(() => new Script(script))
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
})

test('every element that the script asks for is there, once', () => {
  const asked = [...within('script').matchAll(/\bat\('([a-z0-9-]+)'\)/g)].map(([, id]) => id)
  assert.ok(asked.length > 20)
  for (const id of asked) assert.equal(html.split(` id="${id}"`).length, 2, id)
})

test('nothing that came from outside is in the page', async (t) => {
  const evil = `<script>alert("1")</script>'&`
  const trouble = [{ code: evil, detail: evil, sinceMs: NOW_MS }]
  const identity = { ...IDENTITY, appId: evil, model: { ...IDENTITY.model, name: evil } }
  const app = createApp(appParts({ identity, snapshot: () => snapshotOf({ trouble }) }))
  t.after(() => app.close())
  const { body, headers } = await app.inject('/')
  assert.equal(body, html)
  assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(headers['content-security-policy'], policy)
  const json = await app.inject('/status.json')
  assert.match(String(json.headers['content-type']), /^application\/json/)
})
