import type { Bench, Context } from './bench.ts'
import { runCeiling } from './ceiling.ts'
import type { Cluster } from './cluster.ts'
import { wholeNumbers } from './options.ts'
import { readOutputs } from './peers/outputs.ts'
import { format } from './progress.ts'
import { Cases } from './result.ts'
import type { Measured } from './result.ts'
import { fill, runWork } from './work.ts'
import type { Filled } from './work.ts'

const EVENTS = [400_000, 2_000_000]
const EVENTS_QUICK = [100_000]
const ROUNDS = 3
/** What the features of the first so many events come to, as the feature engine computes them without a broker. */
const KNOWN_DIGESTS: Readonly<Record<number, string>> = {
  100_000: '8a9f4781',
  400_000: '9a23e730',
  2_000_000: '4e683943',
}
const OPTIONS = { events: 'text', profile: 'flag' } as const
const FIGURES = {
  rate: { title: 'events/s', digits: 0 },
  share: { title: 'share of the ceiling, same round', digits: 2 },
  cpu: { title: 'CPU-s per million events', digits: 1 },
  brokerCpu: { title: "broker's CPU-s per million", digits: 1 },
  peak: { title: 'peak memory, MiB', digits: 0 },
  growth: { title: 'growth in the second half, MiB per million', digits: 1 },
  state: { title: 'state, MiB', digits: 1 },
} as const
const OURS = 'Millrace'
const CEILING = 'the same client, no work'

/** The service works off what waits for it, beside the ceiling of its own Kafka client. */
export const backlogBench: Bench<typeof OPTIONS> = {
  summary: 'events/s, CPU and memory from a backlog, beside the client’s own ceiling',
  help: `The service works a filled topic off, as its users run it. In each round first the ceiling, on the same
input: the same Kafka client with the same settings and batch calls, three outputs per record in
transactions of 100 ms, and nothing else (bench/raw-loop.ts). Then every output is read and checked.

  --events N,…   events of a backlog, one result each      (default ${EVENTS.join(',')})
  --profile      a CPU profile of the service, written to bench/results/
`,
  options: OPTIONS,
  run: async (context) => {
    const counts = wholeNumbers(
      '--events',
      context.options.events,
      context.isQuick ? EVENTS_QUICK : EVENTS,
    )
    const results: Measured[] = []
    for (const events of counts) results.push(await measure(context, events))
    return results
  },
}

async function measure(context: Context<typeof OPTIONS>, events: number): Promise<Measured> {
  const { screen, rounds = context.isQuick ? 1 : ROUNDS } = context
  const cluster = await context.cluster()
  const work = { cluster, events, screen, service: { isProfiled: context.options.profile } }
  const cases = new Cases()
  const problems: string[] = []
  const digests = new Set<string>()
  for (let round = 1; round <= rounds; round++) {
    const topics = await fill(work, `backlog-${round}`)
    const ceiling = await runCeiling(cluster, topics.input, events)
    screen.step(`round ${round} of ${rounds}, ceiling: ${format(ceiling.eventsPerSecond)} events/s`)
    const ours = await runWork(work, topics)
    screen.step(`round ${round} of ${rounds}, Millrace: ${format(ours.eventsPerSecond)} events/s`)
    const checked = await check(cluster, topics)
    digests.add(checked.digest)
    problems.push(...checked.problems)
    screen.step(`round ${round} of ${rounds}: all outputs read, features ${checked.digest}`)
    cases.add(OURS, {
      rate: ours.eventsPerSecond,
      share: ours.eventsPerSecond / ceiling.eventsPerSecond,
      cpu: ours.cpuSecondsPerMillion,
      brokerCpu: ours.brokerCpuSecondsPerMillion,
      peak: ours.peakResidentMiB,
      growth: ours.growthMiBPerMillion,
      state: ours.stateMiB,
    })
    cases.add(CEILING, { rate: ceiling.eventsPerSecond, cpu: ceiling.cpuSecondsPerMillion })
  }
  return {
    id: `backlog-${events}`,
    title: `Backlog of ${format(events)} events`,
    how: `From the first commit seen to the last; the ceiling and the service in turn, on the same input. Digest of the features: ${[...digests].join(', ')}.`,
    figures: FIGURES,
    drawn: ['rate', 'cpu'],
    cases: cases.all(),
    problems,
  }
}

/** Reads the outputs of a run: what is wrong with them, and what the features come to. */
async function check(
  cluster: Cluster,
  topics: Filled,
): Promise<{ readonly digest: string; readonly problems: readonly string[] }> {
  const events = topics.fates.length
  const outputs = await readOutputs({ ...cluster, ...topics }, { isOurs: true, events })
  const { predictions, audits, features, duplicates, missing, auditDigest: digest } = outputs
  const isWhole =
    predictions === events &&
    audits === events &&
    features === events &&
    duplicates === 0 &&
    missing === 0
  const known = KNOWN_DIGESTS[events] ?? digest
  const problems = [
    ...(isWhole ? [] : [`outputs are missing, or there twice: ${JSON.stringify(outputs)}`]),
    ...(digest === known ? [] : [`the features have digest ${digest}, not ${known}`]),
  ]
  return { digest, problems }
}
