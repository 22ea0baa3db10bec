import { createHash } from 'node:crypto'
import type { LoopSnapshot, PartitionStatus } from '../loop/observer.ts'
import { ready } from './health.ts'
import { isoTime } from './status-report.ts'
import type { ServiceIdentity } from './status-report.ts'

/** How often a browser loads the page anew, seconds. */
const REFRESH_S = 2

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d7dce2, #333a42);
  --quiet: light-dark(#5b6570, #98a3af); --good: light-dark(#18794e, #4cc38a);
  --bad: light-dark(#b42318, #ff8f85); --card: light-dark(#fff, #171b20) }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; background: light-dark(#f6f7f9, #0e1114);
  font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums }
h1 { margin: 0; font-size: 1.4rem } h2 { margin: 2rem 0 .5rem; font-size: 1rem }
p { margin: .2rem 0 } a { color: inherit } .quiet { color: var(--quiet); overflow-wrap: anywhere }
.good { color: var(--good) } .bad { color: var(--bad) }
ul.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1rem 0 0; padding: 0; list-style: none }
ul.tiles li { padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); color: var(--quiet); font-size: .85rem }
ul.tiles b { display: block; color: CanvasText; font-size: 1.25rem }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line) }
th, td { padding: .35rem .7rem; border-top: 1px solid var(--line); text-align: right }
th { color: var(--quiet); font-weight: 500 } th:first-child, td:first-child { text-align: left }
`

/** What a Content-Security-Policy must name so that the page's own style is applied. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

/** The status for eyes: no script, everything that came from outside escaped. */
export function statusPage(
  snapshot: LoopSnapshot,
  identity: ServiceIdentity,
  nowMs: number,
): string {
  const { model, appId, instanceId, version } = identity
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<title>${escapeHtml(`${appId}: ${snapshot.phase}`)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(appId)} <span class="quiet">${escapeHtml(instanceId)}</span></h1>
<p>${phaseLine(snapshot)}</p>
<p class="quiet">model ${escapeHtml(`${model.name} ${model.version}`)},
 sha256 ${escapeHtml(model.modelSha256.slice(0, 12))} · Millrace ${escapeHtml(version)}
 · up ${escapeHtml(duration(nowMs - snapshot.startedAtMs))}</p>
<ul class="tiles">${tiles(snapshot, nowMs)}</ul>
${troubles(snapshot)}
${deadLetters(snapshot)}
<h2>Partitions</h2>
${partitionTable(snapshot.partitions)}
<h2>More</h2>
<p><a href="/status.json">status.json</a> · <a href="/metrics">metrics</a> ·
 <a href="/health/ready">ready</a> · <a href="/health/live">live</a> ·
 <a href="/health/startup">startup</a></p>
<p class="quiet">${escapeHtml(isoTime(nowMs) ?? '')}, anew every ${REFRESH_S} s</p>
</html>
`
}

/** Text that means itself in HTML, also inside a quoted attribute. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function phaseLine(snapshot: LoopSnapshot): string {
  const health = ready(snapshot)
  const reasons = health.checks.filter(({ ok }) => !ok).map(({ detail }) => detail)
  const kind = health.status === 'ok' ? 'good' : 'bad'
  const claim = health.status === 'ok' ? 'ready' : `not ready: ${reasons.join('; ')}`
  return `<strong class="${kind}">${escapeHtml(snapshot.phase)}</strong>, ${escapeHtml(claim)}`
}

function tiles({ totals, partitions, state, lastCommitAtMs }: LoopSnapshot, nowMs: number): string {
  const lag = partitions.reduce((sum, partition) => sum + (partition.lag ?? 0), 0)
  const sinceCommit = lastCommitAtMs === undefined ? 'never' : duration(nowMs - lastCommitAtMs)
  const figures: readonly (readonly [string, string])[] = [
    ['predicted', count(totals.predicted)],
    ['late', count(totals.late)],
    ['dead letters', count(totals.deadLetters)],
    ['lag, records', count(lag)],
    ['units committed', count(totals.committedUnits)],
    ['units aborted', count(totals.abortedUnits)],
    ['since last commit', sinceCommit],
    ['keys in state', count(state.keys)],
    ['state, MB', (state.bytes / 1e6).toFixed(1)],
  ]
  return figures.map(([label, value]) => `<li><b>${escapeHtml(value)}</b>${label}</li>`).join('')
}

function troubles({ trouble }: LoopSnapshot): string {
  if (trouble.length === 0) return ''
  const lines = trouble.map(({ code, detail, sinceMs }) => {
    const since = isoTime(sinceMs) ?? ''
    return `<p><strong class="bad">${escapeHtml(code)}</strong> ${escapeHtml(detail)}
 <span class="quiet">since ${escapeHtml(since)}</span></p>`
  })
  return `<h2>Trouble</h2>\n${lines.join('\n')}`
}

function deadLetters({ deadLettersByReason }: LoopSnapshot): string {
  const rows = Object.entries(deadLettersByReason).map(
    ([reason, number]) => `<tr><td>${escapeHtml(reason)}<td>${escapeHtml(count(number))}`,
  )
  if (rows.length === 0) return ''
  return `<h2>Dead letters</h2>\n<table><tr><th>reason<th>records${rows.join('')}</table>`
}

function partitionTable(partitions: readonly PartitionStatus[]): string {
  if (partitions.length === 0) return '<p class="quiet">none owned</p>'
  const rows = partitions.map(({ partition, position, committedOffset, lag, streamTimeMs }) => {
    const cells = [
      String(partition),
      count(position),
      count(committedOffset),
      lag === undefined ? '–' : count(lag),
      isoTime(streamTimeMs) ?? '–',
    ]
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}`).join('')}`
  })
  const head = '<tr><th>partition<th>position<th>committed<th>lag<th>stream time'
  return `<table>${head}${rows.join('\n')}</table>`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  if (seconds < 3_600) return `${(seconds / 60).toFixed(0)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}
