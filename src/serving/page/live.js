import { at, time, write } from './dom.js'
import {
  showConfiguration,
  showDeadLetters,
  showDrift,
  showIdentity,
  showModel,
  showPartitions,
  showRecent,
  showScores,
  showTiles,
  showTroubles,
} from './sections.js'

const POLL_MS = 1_000
const ANSWER_WAIT_MS = 5_000

/**
 * @typedef {import('../status-report.ts').StatusReport} Status
 * @typedef {import('../about.ts').AboutReport} About
 */

/** @type {About | undefined} */
let about
/** @type {Status | undefined} */
let last
let announced = ''
let isAsking = false

/** @param {string} path */
async function ask(path) {
  const answer = await fetch(path, {
    signal: AbortSignal.timeout(ANSWER_WAIT_MS),
    cache: 'no-store',
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return answer.json()
}

/** The state in the title, the tab's icon and the colours. @param {string} state @param {string} tone @param {string} sentence */
function showState(state, tone, sentence) {
  write(at('state'), state)
  write(at('sentence'), sentence.charAt(0).toUpperCase() + sentence.slice(1))
  document.documentElement.dataset['tone'] = tone
  const title = last === undefined ? state : `${state} · ${last.appId}`
  if (document.title !== title) document.title = title
  const colour = getComputedStyle(at('state')).color
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="${colour}"/></svg>`
  const href = `data:image/svg+xml,${encodeURIComponent(icon)}`
  if (at('icon').getAttribute('href') !== href) at('icon').setAttribute('href', href)
  // Only a change of state is read aloud: the figures change every second.
  if (announced !== state) write(at('announcement'), sentence)
  announced = state
}

/** @param {Status} status */
function show(status) {
  const { state, tone, sentence } = status.doing
  last = status
  showState(state, tone, sentence)
  showIdentity(status)
  showTroubles(status.trouble, status.now)
  showRecent(status.recent)
  showTiles(status)
  showPartitions(status)
  showDeadLetters(status)
  showScores(status)
  showDrift(status.drift)
  write(at('live'), 'live')
  document.documentElement.removeAttribute('data-away')
}

/** What is on the page stays, and says from when it is. */
function showAway() {
  const since = last === undefined ? '' : `; what is below is from ${time(last.now)} UTC`
  document.documentElement.setAttribute('data-away', '')
  write(at('live'), 'not connected')
  showState('no answer', 'bad', `the service does not answer${since}`)
}

async function refresh() {
  if (isAsking) return
  isAsking = true
  /** @type {[Status, About] | undefined} */
  const answers = await Promise.all([ask('status.json'), about ?? ask('about.json')]).catch(
    () => undefined,
  )
  isAsking = false
  if (answers === undefined) {
    // A restarted service may have another model: what it is about is asked for again.
    about = undefined
    return showAway()
  }
  const [status, told] = answers
  show(status)
  if (about === undefined) {
    showModel(status, told)
    showConfiguration(told)
    about = told
  }
}

/** Once a second, one request at a time, and none while nobody looks. */
async function follow() {
  if (!document.hidden) await refresh()
  setTimeout(follow, POLL_MS)
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh()
})
void follow()
