import { bars, sparkline } from './charts.js'
import { ago, at, child, count, latency, resize, showFacts, showRows, time, write } from './dom.js'

/**
 * @typedef {import('../status-report.ts').StatusReport} Status
 * @typedef {import('../about.ts').AboutReport} About
 * @typedef {import('./dom.js').Cell} Cell
 */

/** @param {Status} status */
export function showIdentity({ appId, instanceId, version, startedAt, model }) {
  write(at('app'), appId)
  write(at('instance'), instanceId)
  write(at('build'), `Millrace ${version} · up since ${time(startedAt).slice(0, 16)} UTC`)
  at('metadata').setAttribute('href', `v2/models/${encodeURIComponent(model.name)}`)
}

/** @param {Status['trouble']} trouble @param {string | null} now */
export function showTroubles(trouble, now) {
  const list = at('troubles')
  list.hidden = trouble.length === 0
  resize(list, trouble.length, 'li')
  for (const [i, { code, detail, since }] of trouble.entries()) {
    const item = child(list, i)
    if (item.children.length === 0) {
      item.append(document.createElement('b'), ' ', document.createElement('span'))
    }
    write(child(item, 0), code)
    const told = `${detail} (since ${time(since)} UTC, ${ago(since, now)})`
    write(child(item, 1), told)
  }
}

/** @param {Status['recent']} recent */
export function showRecent({ recordsPerSecond, p50Ms, p99Ms, perSecond }) {
  const rate =
    recordsPerSecond > 0 && recordsPerSecond < 10
      ? recordsPerSecond.toFixed(1)
      : count(recordsPerSecond)
  const most = Math.max(0, ...perSecond.records)
  const slowest = Math.max(0, ...perSecond.p99Ms.map((ms) => ms ?? 0))
  write(at('rate'), rate)
  write(at('p99'), latency(p99Ms))
  write(at('p50'), latency(p50Ms))
  write(at('rate-most'), most > 0 ? `most ${count(most)}` : '')
  write(at('p99-most'), slowest > 0 ? `P99, most ${latency(slowest)}` : '')
  sparkline(
    'rates',
    perSecond.records,
    `Events a second: ${rate} now, at most ${count(most)} within three minutes`,
  )
  const told =
    slowest > 0
      ? `${latency(p99Ms)} now, at most ${latency(slowest)} within three minutes`
      : 'nothing committed'
  sparkline('latencies', perSecond.p99Ms, `Latency of the slowest 1 %: ${told}`)
}

/** @param {Status} status */
export function showTiles({ partitions, totals, state, lastCommitAt, now }) {
  const lag = partitions.reduce((sum, partition) => sum + (partition.lag ?? 0), 0)
  showFacts('tiles', [
    { name: 'Lag', text: count(lag) },
    { name: 'Predicted', text: count(totals.predicted) },
    { name: 'Late', text: count(totals.late) },
    {
      name: 'Dead letters',
      text: count(totals.deadLetters),
      is: totals.deadLetters > 0 ? 'bad' : '',
    },
    { name: 'Commits', text: count(totals.committedUnits) },
    { name: 'Aborts', text: count(totals.abortedUnits) },
    { name: 'Last commit', text: ago(lastCommitAt, now) },
    { name: 'Keys', text: count(state.keys) },
    { name: 'State', text: weight(state.bytes) },
  ])
}

/** @param {number} bytes */
function weight(bytes) {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}

/** @param {Status} status */
export function showPartitions({ partitions, restore, replay, instanceId, phase }) {
  const waiting = restore.filter(
    ({ partition }) => !partitions.some((each) => each.partition === partition),
  )
  const owned = partitions.map(({ partition, lag, streamTime, committedOffset }) => {
    const rebuilt = replay.find((each) => each.partition === partition)
    return {
      partition,
      state:
        rebuilt === undefined
          ? cell(phase === 'tripped' ? 'tripped' : 'running')
          : cell(`rebuilding ${share(rebuilt)}`),
      rest: [number(count(lag)), number(time(streamTime)), number(count(committedOffset))],
    }
  })
  const restoring = waiting.map((each) => ({
    partition: each.partition,
    state: cell(
      `restoring ${each.percent} %${each.secondsLeft === null ? '' : `, ${each.secondsLeft} s left`}`,
    ),
    rest: [number('–'), number('–'), number('–')],
  }))
  const rows = [...owned, ...restoring].toSorted((a, b) => a.partition - b.partition)
  showRows(
    'partition-rows',
    rows.map(({ partition, state, rest }) => [
      { text: String(partition) },
      state,
      ...rest,
      number(instanceId),
    ]),
  )
  at('no-partitions').hidden = rows.length > 0
}

/** @param {string} state @returns {Cell} */
function cell(state) {
  return {
    text: state,
    is: state === 'running' ? 'good' : state === 'tripped' ? 'bad-text' : 'busy',
  }
}

/** @param {string} text @returns {Cell} */
function number(text) {
  return { text, is: 'number' }
}

/** @param {{ done: number, total: number }} progress */
function share({ done, total }) {
  return `${total === 0 ? 100 : Math.floor((done / total) * 100)} %`
}

/** @param {Status} status */
export function showDeadLetters({ deadLettersByReason, lastDeadLetterAt, now }) {
  const rows = Object.entries(deadLettersByReason).toSorted(([, a], [, b]) => b - a)
  showRows(
    'dead-letter-rows',
    rows.map(([reason, letters]) => [
      { text: reason, command: `millrace dlq list --where reason=${reason}` },
      number(count(letters)),
      number(ago(lastDeadLetterAt[reason], now)),
    ]),
  )
  at('no-dead-letters').hidden = rows.length > 0
}

/** @param {Status} status */
export function showScores({ scores, drift }) {
  const score = drift?.series.find(({ kind }) => kind === 'score')
  const { records = 0 } = drift?.window ?? {}
  at('score-reference').hidden = score === undefined || records === 0
  if (score === undefined || records === 0) return showAllScores(scores)
  const cells = score.cells.filter(({ label }) => label !== 'missing')
  const told = `${count(records)} lately, in bins of what it was trained on`
  const [live, trained] = [cells.map((each) => each.count), cells.map((each) => each.share)]
  bars('score-bars', live, trained, `Distribution of ${score.name}: ${told}`)
  write(at('score-told'), told)
  write(at('score-low'), 'low')
  write(at('score-high'), 'high')
}

/** @param {Status['scores']} scores */
function showAllScores(scores) {
  const { bounds, counts } = withinBounds(scores)
  const total = counts.reduce((sum, each) => sum + each, 0)
  const half = total > 0 ? `, half up to ${medianOf(bounds, counts)}` : ''
  const told = `${count(total)} predictions since it started${half}`
  bars('score-bars', counts, undefined, `Distribution of scores: ${told}`)
  write(at('score-told'), told)
  write(at('score-low'), '0')
  write(at('score-high'), '1')
}

/** What lies at or below 0 is shown with the first bar, what lies above 1 with the last. @param {Status['scores']} scores */
function withinBounds({ bounds, counts }) {
  const inner = counts.slice(1, -1)
  inner[0] = (inner[0] ?? 0) + (counts[0] ?? 0)
  const last = inner.length - 1
  inner[last] = (inner[last] ?? 0) + (counts.at(-1) ?? 0)
  return { bounds: bounds.slice(1), counts: inner }
}

/** The bound that half of them reach. @param {readonly number[]} bounds @param {readonly number[]} counts */
function medianOf(bounds, counts) {
  const half = counts.reduce((sum, each) => sum + each, 0) / 2
  let below = 0
  const bin = counts.findIndex((each) => (below += each) >= half)
  return String(bounds[bin] ?? bounds.at(-1))
}

const VERDICTS = {
  drift: { text: 'drifts', is: 'bad-text' },
  steady: { text: 'as trained', is: 'good' },
  unjudged: { text: 'not judged yet', is: 'quiet' },
}

/** @param {Status['drift']} drift */
export function showDrift(drift) {
  at('drift').hidden = drift === undefined
  if (drift === undefined) return
  const { records, isComplete } = drift.window
  const rows = drift.series.toSorted((a, b) => b.psi - a.psi)
  write(
    at('drift-window'),
    `${count(records)} events${isComplete ? '' : ', in a window still open'}`,
  )
  showRows(
    'drift-rows',
    rows.map(({ name, psi, threshold, verdict }) => [
      { text: name, is: 'code' },
      VERDICTS[verdict],
      number(psi.toFixed(3)),
      number(threshold === null ? '–' : threshold.toFixed(3)),
    ]),
  )
}

/** @param {Status} status @param {About} about */
export function showModel({ model }, { model: card }) {
  const facts = [
    { name: 'Model', text: `${model.name} ${model.version}` },
    { name: 'What it says', text: card.description ?? '' },
    { name: 'Trained on', text: card.trainedOn ?? 'model.yaml does not say' },
    { name: 'Scores', text: card.scores.join(', ') },
    { name: 'Model sha256', text: model.modelSha256, is: 'code' },
    { name: 'Spec sha256', text: model.specSha256, is: 'code' },
  ]
  showFacts(
    'model-facts',
    facts.filter(({ text }) => text !== ''),
  )
  write(at('inputs-title'), `Inputs: ${card.features.length} features, in model order`)
  const list = at('inputs')
  resize(list, card.features.length, 'li')
  for (const [i, { name }] of card.features.entries()) write(child(list, i), name)
}

/** @param {About} about */
export function showConfiguration({ configuration }) {
  const rows = (/** @type {boolean} */ isDefault) =>
    configuration
      .filter(({ source }) => (source === 'default') === isDefault)
      .map(({ name, value }) => [
        { text: name, is: 'code' },
        { text: value ?? 'unset', is: value === null ? 'quiet' : 'code long' },
      ])
  const defaults = rows(true)
  showRows('set-rows', rows(false))
  showRows('default-rows', defaults)
  write(at('defaults-title'), `${defaults.length} more are as they are by default`)
}
