/**
 * Measures the service on a real broker and registry. See `--help`.
 */
import { arch, cpus, platform } from 'node:os'
import kafka from '@confluentinc/kafka-javascript'
import { runCommand } from '../scripts/options.ts'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import { fill, runBacklog } from './backlog.ts'
import type { BacklogResult } from './backlog.ts'
import { runCeiling } from './ceiling.ts'
import type { Cluster } from './cluster.ts'
import { runLatency } from './latency.ts'
import type { LatencyResult } from './latency.ts'
import { runMemory } from './memory.ts'
import type { MemoryResult } from './memory.ts'
import { HELP, parseOptions, UsageError } from './options.ts'
import type { Options } from './options.ts'
import { peersCommand } from './peers/main.ts'
import { format, Progress } from './progress.ts'
import { median } from './statistics.ts'

/** What the project asks of itself. */
const NEEDED = { eventsPerSecond: 30_000, ceilingRatio: 0.2, growthMiBPerMillion: 25 } as const

interface Results {
  readonly machine: string
  readonly backlog: BacklogResult[]
  readonly ceiling: number[]
  latency?: LatencyResult
  memory?: MemoryResult
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'peers') return runCommand(peersCommand, args.slice(1))
  try {
    const options = parseOptions(args)
    if (options === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    return await measure(options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n\n${HELP}`)
    return 2
  }
}

async function measure(options: Options): Promise<number> {
  const screen = new Progress()
  const testbed = await startTestbed()
  screen.step(`broker ${testbed.brokers}`)
  let isWhole = false
  try {
    const results = await runParts(options, testbed, screen)
    const failures = failuresOf(results)
    if (options.isJson) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`)
    else process.stdout.write(`${report(results, options).join('\n')}\n`)
    for (const failure of failures) process.stdout.write(`NOT AS NEEDED: ${failure}\n`)
    isWhole = true
    return failures.length === 0 ? 0 : 1
  } finally {
    await testbed.stop(!isWhole)
  }
}

async function runParts(options: Options, cluster: Cluster, screen: Progress): Promise<Results> {
  const { parts, events, rounds, rate, seconds, memoryEvents, isProfiled } = options
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${platform()} ${arch()}`
  const results: Results = { machine, backlog: [], ceiling: [] }
  const shared = { cluster, screen, isProfiled }
  for (let round = 1; round <= rounds; round++) {
    if (!parts.has('backlog') && !parts.has('ceiling')) break
    screen.step(`round ${round} of ${rounds}`)
    const topics = await fill({ ...shared, events }, `backlog-${round}`)
    if (parts.has('ceiling')) {
      const { eventsPerSecond: rateMax } = await runCeiling(cluster, topics.input, events)
      results.ceiling.push(rateMax)
      screen.step(`ceiling: ${format(rateMax)} events/s`)
    }
    if (parts.has('backlog')) {
      const result = await runBacklog({ ...shared, events }, topics)
      results.backlog.push(result)
      screen.step(`backlog: ${format(result.eventsPerSecond)} events/s`)
    }
  }
  if (parts.has('latency')) results.latency = await runLatency({ ...shared, rate, seconds })
  if (parts.has('memory')) {
    results.memory = await runMemory({ ...shared, events: memoryEvents })
  }
  return results
}

/** Ratio of the medians; NaN unless both were measured. */
function ceilingRatio({ backlog, ceiling }: Results): number {
  return median(backlog.map((each) => each.eventsPerSecond)) / median(ceiling)
}

function failuresOf(results: Results): readonly string[] {
  const { backlog, memory } = results
  const failures: string[] = []
  const rate = median(backlog.map((each) => each.eventsPerSecond))
  if (rate < NEEDED.eventsPerSecond) {
    failures.push(`${format(rate)} events/s, at least ${format(NEEDED.eventsPerSecond)}`)
  }
  const ratio = ceilingRatio(results)
  if (ratio < NEEDED.ceilingRatio) {
    failures.push(`${ratio.toFixed(2)} of the ceiling, at least ${NEEDED.ceilingRatio}`)
  }
  const growth = memory?.growthMiBPerMillion ?? 0
  if (growth > NEEDED.growthMiBPerMillion) {
    failures.push(`memory grows by ${growth.toFixed(1)} MiB per million events`)
  }
  return failures
}

function report(results: Results, options: Options): readonly string[] {
  const { backlog, ceiling, latency, memory, machine } = results
  const lines = ['', machine, `librdkafka ${kafka.librdkafkaVersion}, node ${process.version}`, '']
  const line = (name: string, figure: string): number => lines.push(`${name.padEnd(34)}${figure}`)
  if (backlog.length > 0) {
    const of = (pick: (each: BacklogResult) => number): number => median(backlog.map(pick))
    line('events/s', format(of((each) => each.eventsPerSecond)))
    line('CPU-s per million events', of((each) => each.cpuSecondsPerMillion).toFixed(1))
    line('peak memory, MiB', format(of((each) => each.peakResidentMiB)))
  }
  if (ceiling.length > 0) line('ceiling of the client, events/s', format(median(ceiling)))
  if (ceiling.length > 0 && backlog.length > 0) {
    line('share of the ceiling', ceilingRatio(results).toFixed(2))
  }
  if (latency !== undefined) {
    const { p50, p95, p99 } = latency
    line(`latency at ${format(options.rate)} events/s, P50`, `${p50.toFixed(0)} ms`)
    line('  P95', `${p95.toFixed(0)} ms`)
    line('  P99', `${p99.toFixed(0)} ms`)
  }
  if (memory !== undefined) {
    line(
      `memory over ${format(memory.events)} events, peak`,
      `${format(memory.peakResidentMiB)} MiB`,
    )
    line('  growth, second half', `${memory.growthMiBPerMillion.toFixed(1)} MiB per million events`)
    line('  state, as the service says', `${memory.stateMiB.toFixed(1)} MiB`)
  }
  return lines
}
