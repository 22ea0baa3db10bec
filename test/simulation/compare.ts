import type { OutputRecord } from '../../src/domain/record.ts'
import type { Expected } from './oracle.ts'
import { TOPICS } from './topics.ts'

const OUTPUT_TOPICS = [
  TOPICS.features,
  TOPICS.predictions,
  TOPICS.audit,
  TOPICS.late,
  TOPICS.deadLetters,
]
/** ms since the epoch, or ISO 8601, at the end of a JSON object. */
const TIME = /^(?:\d{13}|"[-\d]{10}T[:.\d]{12}Z")\}$/
const PREFIX = 'millrace.'
/** Headers whose value is not compared: see the oracle. */
const UNCOMPARED = ['detail', 'failed.at']
const PROBLEMS_MAX = 5

/** How what is read of one partition differs from what must be: nothing lost, doubled, altered or moved. */
export function differences(
  expected: readonly Expected[],
  outputs: readonly OutputRecord[],
): string[] {
  const allWanted = Map.groupBy(expected, ({ topic }) => topic)
  const all = Map.groupBy(outputs, ({ topic }) => topic)
  return OUTPUT_TOPICS.flatMap((topic) => {
    const [wanted, got] = [allWanted.get(topic) ?? [], all.get(topic) ?? []]
    const problems: string[] = []
    const count = Math.max(wanted.length, got.length)
    for (let at = 0; at < count; at += 1) {
      const want = wanted[at]
      const have = got[at]
      if (want !== undefined && have !== undefined && isEqual(want, have)) continue
      problems.push(`${topic} ${at} is ${told(have)}, not ${JSON.stringify(want)}`)
      if (problems.length === PROBLEMS_MAX) break
    }
    return problems
  })
}

function isEqual(want: Expected, have: OutputRecord): boolean {
  if (want.key !== String(have.key)) return false
  const value = have.value === null ? 'null' : have.value.toString('latin1')
  if (have.headers === undefined) {
    return value.startsWith(want.value) && TIME.test(value.slice(want.value.length))
  }
  return value === want.value && headersOf(have).join() === want.headers.join()
}

function headersOf({ headers = [] }: OutputRecord): string[] {
  const lines: string[] = []
  for (const header of headers) {
    for (const [fullName, value] of Object.entries(header)) {
      const name = fullName.slice(PREFIX.length)
      if (!UNCOMPARED.includes(name)) lines.push(`${name}=${String(value)}`)
    }
  }
  return lines
}

function told(record: OutputRecord | undefined): string {
  if (record === undefined) return 'missing'
  const headers = record.headers === undefined ? '' : ` with ${headersOf(record).join()}`
  return `${String(record.key)}: ${String(record.value)}${headers}`
}
