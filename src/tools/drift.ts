import { parseArgs } from 'node:util'
import { EXIT, ServiceError } from '../domain/errors.ts'
import { mergeReports } from '../drift/merge.ts'
import { parseReport, reportJson } from '../drift/report-json.ts'
import type { DriftReport, SeriesDrift } from '../drift/report.ts'
import { formatTable } from './table.ts'

/** Longest wait for an instance, ms. */
const TIMEOUT_MS = 10_000

/** What `millrace drift --help` prints. */
const HELP = `Usage: millrace drift --from URL[,URL…] [--json]
       millrace drift reference FILE… [--time COLUMN] [--json]

How the events of a fleet differ from the training data. Asks each instance for its last complete window
(/status.json), adds their counts, and judges the sum as one instance would that had seen all of it.

  --from URL   address of an instance, e.g. http://millrace-0:8080; may be given several times
  --json       the report as JSON

\`millrace drift reference\` makes the reference.json that a service needs to watch for drift; it has a
--help of its own.

Exit status
  0  no feature or score has drifted, as far as it can be judged
  2  the options are wrong, or the instances do not serve one model that has a reference
  4  an instance did not answer
  7  a feature or score has drifted
`

/** What the command prints, and the exit status it ends with. */
export interface DriftAnswer {
  readonly output: string
  readonly status: number
}

/**
 * `millrace drift`.
 *
 * @param get reads the text at an address; throws when it cannot
 * @throws ServiceError `CONFIG_INVALID` for wrong options, or an instance without a reference
 * @throws ServiceError `MODEL_MISMATCH` when instances have different references
 */
export async function driftCommand(
  options: readonly string[],
  get: (address: string, signal: AbortSignal) => Promise<string>,
): Promise<DriftAnswer> {
  if (options.length === 0 || options.includes('--help')) return { output: HELP, status: EXIT.ok }
  const { addresses, json } = parse(options)
  const reports: DriftReport[] = []
  for (const address of addresses) {
    try {
      reports.push(reportOf(address, await get(address, AbortSignal.timeout(TIMEOUT_MS))))
    } catch (error) {
      if (error instanceof ServiceError) throw error
      const why = error instanceof Error ? error.message : String(error)
      return { output: `${address} did not answer: ${why}\n`, status: EXIT.unavailable }
    }
  }
  const [first, ...others] = reports
  if (first === undefined) throw new ServiceError('CONFIG_INVALID', '--from must name an instance')
  const merged = mergeReports([first, ...others])
  const hasDrifted = merged.series.some(({ verdict }) => verdict === 'drift')
  const output = json
    ? `${JSON.stringify(reportJson(merged), undefined, 2)}\n`
    : textOf(merged, reports.length)
  return { output, status: hasDrifted ? EXIT.incomplete : EXIT.ok }
}

function parse(args: readonly string[]): { addresses: readonly string[]; json: boolean } {
  const known = {
    from: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options: known })
    const urls = (values.from ?? []).flatMap((list) => list.split(',')).map((url) => url.trim())
    const addresses = urls
      .filter((url) => url !== '')
      .map((url) => new URL('/status.json', url).href)
    return { addresses, json: values.json ?? false }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ServiceError('CONFIG_INVALID', `${why}. See: millrace drift --help`, error)
  }
}

function reportOf(address: string, text: string): DriftReport {
  let drift: unknown
  try {
    const status: unknown = JSON.parse(text)
    drift = typeof status === 'object' && status !== null && 'drift' in status ? status.drift : null
    return parseReport(drift)
  } catch (error) {
    const why = drift === null ? 'its model has no reference.json' : String(error)
    throw new ServiceError('CONFIG_INVALID', `${address} does not tell of drift: ${why}`, error)
  }
}

function textOf({ reference, window, series }: DriftReport, instances: number): string {
  const { records, fromMs, toMs, isComplete } = window
  const span = [fromMs, toMs].map((ms) => (ms === undefined ? '–' : new Date(ms).toISOString()))
  const open = isComplete ? '' : ', not complete: nothing is judged'
  const head =
    `${records.toLocaleString('en-US')} events of ${instances} instances, ${span.join(' to ')}${open}; ` +
    `reference ${reference}\n\n`
  const titles = ['', 'psi', 'bound', 'js', 'ks', 'missing (in training)', 'unseen', 'verdict']
  return head + formatTable([titles, ...series.map(rowOf)])
}

function rowOf(each: SeriesDrift): readonly string[] {
  const { kind, name, psi, threshold, js, ks, missing, referenceMissing, unseen, verdict } = each
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
  return [
    kind === 'score' ? `score ${name}` : name,
    psi.toFixed(4),
    threshold?.toFixed(4) ?? '–',
    js.toFixed(4),
    ks?.toFixed(4) ?? '–',
    `${percent(missing)} (${percent(referenceMissing)})`,
    percent(unseen),
    verdict,
  ]
}
