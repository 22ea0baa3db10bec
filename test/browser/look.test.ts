import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TestContext } from 'node:test'
import type { DriftFigures } from '../../src/loop/figures.ts'
import type { LoopSnapshot } from '../../src/loop/observer.ts'
import { createApp } from '../../src/serving/app.ts'
import { listen } from '../../src/serving/http.ts'
import type { AppParts } from '../../src/serving/app.ts'
import { appParts } from '../fixtures/app.ts'
import { IDENTITY, NOW_MS, snapshotOf } from '../fixtures/snapshot.ts'
import { ENGAGEMENT_SPEC } from '../fixtures/specs.ts'
import { launchBrowser } from '../../scripts/page/browser.ts'
import { Visit, VISITORS } from '../harness/browser.ts'

const browser = await launchBrowser()
after(() => browser.close())

function series(but: Partial<DriftFigures['series'][number]>): DriftFigures['series'][number] {
  const cells = ['missing', 'below', '0.5', '0.9', 'above'].map((label, i) => ({
    label,
    count: i,
    share: i / 10,
  }))
  return { kind: 'feature', name: 'f', psi: 0, threshold: 0.2, verdict: 'steady', cells, ...but }
}

const DRIFT: DriftFigures = {
  window: { isComplete: true, records: 1_234 },
  series: [
    series({ name: 'steady', psi: 0.01 }),
    series({ name: 'moved', psi: 0.25, verdict: 'drift' }),
    series({ name: 'late', kind: 'score', psi: 0.1, threshold: null, verdict: 'unjudged' }),
  ],
}

async function serve(t: TestContext, but: Partial<AppParts> = {}) {
  const app = createApp(appParts(but))
  t.after(() => app.close())
  const port = await listen(app, '127.0.0.1', 0)
  return { app, port, url: `http://127.0.0.1:${port}` }
}

function trouble(code: string): Pick<LoopSnapshot, 'trouble'> {
  return { trouble: [{ code, detail: 'it does not answer', sinceMs: NOW_MS - 12_000 }] }
}

const STATES = {
  starting: { phase: 'starting', modelReady: false, partitions: [], deadLettersByReason: {} },
  restoring: {
    phase: 'restoring',
    restore: [{ partition: 3, done: 62, total: 100, records: 620, forMs: 13_000 }],
  },
  rebuilding: { phase: 'replaying', replay: [{ partition: 0, done: 1, total: 3 }] },
  'caught up': {},
  'standing by': { phase: 'waiting-for-assignment', partitions: [] },
  tripped: { phase: 'tripped', ...trouble('DEAD_LETTER_FLOOD') },
  'broker gone': trouble('KAFKA_UNAVAILABLE'),
} as const satisfies Record<string, Partial<LoopSnapshot>>
type State = keyof typeof STATES

/** Every state once; every colour in the dark; the narrowest and the longest on a phone. */
const LOOKS: Readonly<Record<keyof typeof VISITORS, readonly State[]>> = {
  light: Object.keys(STATES) as State[],
  dark: ['caught up', 'restoring', 'tripped', 'standing by'],
  phone: ['restoring', 'tripped'],
}

test('axe-core finds nothing serious in any state, light or dark, wide or on a phone', async (t) => {
  let snapshot = snapshotOf()
  const figures = () => ({ ...appParts().figures(), drift: DRIFT })
  const { url } = await serve(t, { snapshot: () => snapshot, figures })
  for (const kind of ['light', 'dark', 'phone'] as const) {
    const visit = await Visit.open(browser, url, VISITORS[kind])
    for (const state of LOOKS[kind]) {
      snapshot = snapshotOf(STATES[state])
      await visit.look()
      await visit.shows('#state', new RegExp(`^${state}$`))
      assert.match(await visit.page.title(), new RegExp(`^${state} · app$`))
      await visit.check(`${state}, ${kind}`)
    }
    await visit.page.close()
  }
})

test('what came from outside is text, whatever it is', async (t) => {
  const evil = `</script><img src=x onerror=alert(1)><script>alert(1)</script>"'&`
  const [first] = ENGAGEMENT_SPEC.features
  assert.ok(first !== undefined)
  const { url } = await serve(t, {
    identity: {
      ...IDENTITY,
      appId: evil,
      instanceId: evil,
      model: { ...IDENTITY.model, name: evil },
    },
    snapshot: () => snapshotOf({ trouble: [{ code: evil, detail: evil, sinceMs: NOW_MS }] }),
    figures: () => ({
      ...appParts().figures(),
      drift: { ...DRIFT, series: [series({ name: evil })] },
    }),
    about: {
      spec: {
        ...ENGAGEMENT_SPEC,
        description: evil,
        trainedOn: evil,
        features: [{ ...first, name: evil }],
      },
      configuration: [{ name: evil, value: evil, source: evil }],
    },
  })
  const visit = await Visit.open(browser, url, VISITORS.light)
  await visit.shows('#set-rows', /alert/)
  assert.equal(await visit.text('#app'), evil)
  assert.equal((await visit.rows('#drift-rows'))[0]?.[0], evil)
  assert.equal((await visit.facts('#model-facts'))['Trained on'], evil)
  assert.deepEqual(await visit.rows('#set-rows'), [[evil, evil]])
  assert.ok((await visit.text('#troubles')).startsWith(evil))
  assert.equal(await visit.evaluate('document.images.length'), 0)
  assert.equal(await visit.evaluate('document.scripts.length'), 1)
  await visit.check('hostile')
})

test('the policy keeps out a script that somebody smuggled in, and text stays text', async (t) => {
  const { url } = await serve(t)
  const visit = await Visit.open(browser, url, VISITORS.light)
  await visit.evaluate(
    "document.body.append(Object.assign(document.createElement('style'), { textContent: 'body { width: 1px }' }))",
  )
  const became = await visit.evaluate<string>(
    "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'markup' } catch (error) { return error.name } })()",
  )
  assert.equal(became, 'TypeError')
  assert.ok((await visit.evaluate<number>('document.body.clientWidth')) > 100)
  assert.match(visit.problems.join(), /style-src|inline style/)
})

test('drift and the reference of scores are shown when they are told, and only then', async (t) => {
  const told: { drift?: DriftFigures } = {}
  const figures = () => ({ ...appParts().figures(), ...told })
  const { url } = await serve(t, { figures })
  const visit = await Visit.open(browser, url, VISITORS.light)
  const { page } = visit
  assert.deepEqual(
    [await page.isVisible('#drift'), await page.isVisible('#score-reference')],
    [false, false],
  )
  await visit.shows('#score-told', /^10 predictions since it started, half up to 0\.5$/)
  told.drift = DRIFT
  await visit.look()
  await visit.shows('#score-told', /^1,234 lately, in bins of what it was trained on$/)
  assert.equal(await visit.text('#drift-window'), '1,234 events')
  assert.deepEqual(await visit.rows('#drift-rows'), [
    ['moved', 'drifts', '0.250', '0.200'],
    ['late', 'not judged yet', '0.100', '–'],
    ['steady', 'as trained', '0.010', '0.200'],
  ])
  assert.deepEqual(
    [await page.isVisible('#drift'), await page.isVisible('#score-reference')],
    [true, true],
  )
})

test('it can be used with the keyboard alone', async (t) => {
  const { url } = await serve(t)
  const visit = await Visit.open(browser, url, VISITORS.phone)
  const { page } = visit
  await visit.shows('#set-rows', /APP_ID/)
  await page.keyboard.press('Tab')
  assert.equal(await visit.evaluate('document.activeElement.className'), 'skip')
  const reached = new Set<string>()
  for (let i = 0; i < 30 && !reached.has('model metadata'); i++) {
    await page.keyboard.press('Tab')
    const name = await visit.evaluate<string>(
      "document.activeElement.getAttribute('aria-labelledby') ?? document.activeElement.textContent",
    )
    reached.add(name)
    if (/by default/.test(name)) await page.keyboard.press('Enter')
  }
  for (const name of [
    'partitions',
    'dead-letters',
    'Inputs: 2 features, in model order',
    'metrics',
  ]) {
    assert.ok(reached.has(name), `${name} was not reached: ${[...reached].join(', ')}`)
  }
  assert.equal(await page.isVisible('#default-rows'), true)
  assert.deepEqual(await visit.rows('#default-rows'), [['SSL_CA_LOCATION', 'unset']])
})

test('only a change of state is read aloud', async (t) => {
  let snapshot = snapshotOf()
  let asked = 0
  const count = (): LoopSnapshot => {
    asked += 1
    return { ...snapshot, totals: { ...snapshot.totals, predicted: asked } }
  }
  const { url } = await serve(t, { snapshot: count })
  const visit = await Visit.open(browser, url, VISITORS.light)
  await visit.evaluate(
    "(window.told = [], new MutationObserver(() => told.push(document.getElementById('announcement').textContent)).observe(document.getElementById('announcement'), { childList: true, characterData: true, subtree: true }))",
  )
  await visit.look()
  await visit.shows('#tiles', /Predicted([2-9]|\d\d)/)
  snapshot = snapshotOf({ phase: 'recovering' })
  await visit.look()
  await visit.shows('#state', /^recovering$/)
  const told = await visit.evaluate<string[]>('told')
  assert.deepEqual(told, ['recovering: asking the broker what became of the last transaction'])
})

test('a service that does not answer is told, with what was last known, until it is back', async (t) => {
  const { app, port, url } = await serve(t)
  const visit = await Visit.open(browser, url, VISITORS.light)
  await visit.shows('#state', /^caught up$/)
  await app.close()
  await visit.look()
  const told = await visit.shows('#sentence', /does not answer/)
  assert.equal(told, 'The service does not answer; what is below is from 2023-11-14 22:13:20 UTC')
  assert.equal(await visit.text('#live'), 'not connected')
  assert.match(await visit.text('#tiles'), /Predicted80/)
  await visit.check('no answer')
  const back = createApp(appParts())
  t.after(() => back.close())
  await listen(back, '127.0.0.1', port)
  await visit.look()
  await visit.shows('#state', /^caught up$/)
  await visit.shows('#live', /^live$/)
})
