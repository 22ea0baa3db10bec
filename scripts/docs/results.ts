import { plot } from '../../bench/peers/plot.ts'
import { seriesTable, titleOf } from '../../bench/peers/report.ts'
import type { Series } from '../../bench/peers/report.ts'
import type { GeneratedFile } from './files.ts'

const HEAD = `# Results

Generated from \`bench/results.json\`, which \`npm run bench -- peers --record\` writes. How it is measured:
[peers/README.md](peers/README.md). Within a series all peers ran in turn on one broker, on the same
cores; figures of other machines and days differ, ratios less.

![the medians as bars, with their spread](results.svg)
`

/** What the recorded comparisons say, as a page and as a plot; nothing when there are none. */
export function resultsFiles(recorded: string | undefined): readonly GeneratedFile[] {
  if (recorded === undefined) return []
  const all = JSON.parse(recorded) as readonly Series[]
  return [
    { path: 'bench/RESULTS.md', content: `${HEAD}${all.map(section).join('')}` },
    { path: 'bench/results.svg', content: plot(all) },
  ]
}

function section(series: Series): string {
  const { date, machine, versions } = series
  const busy = series.rounds.flat().map(({ busyBeforePercent }) => busyBeforePercent)
  const load = `The machine was busy for ${Math.min(...busy).toFixed(0)} to ${Math.max(...busy).toFixed(0)} % of the two seconds before a run.`
  const digests =
    series.part === 'backlog'
      ? new Set(
          series.rounds
            .flat()
            .flatMap(({ outputs }) => ('audits' in outputs ? [outputs.auditDigest] : [])),
        )
      : new Set<string>()
  const digest = digests.size > 0 ? ` Digest of the features: ${[...digests].join(', ')}.` : ''
  const where = `${date}, ${machine}; ${versions.join(', ')}. ${load}${digest}`
  return `\n## ${titleOf(series)}\n\n${where}\n\n${seriesTable(series)}`
}
