import { readFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import kafka from '@confluentinc/kafka-javascript'

const ROOT = join(import.meta.dirname, '..')

/** Where, when and with what something was measured. */
export interface TestedOn {
  /** Cores, CPU model, memory and kernel. */
  readonly machine: string
  /** Day, UTC. */
  readonly date: string
  readonly versions: readonly string[]
}

/** This machine, today, and the versions of what takes part always; `others` are named behind them. */
export function testedOn(others: readonly string[] = []): TestedOn {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const cpu = `${cpus().length} × ${cpus()[0]?.model.trim()}`
  return {
    machine: `${cpu}, ${gibibytes} GiB, ${platform()} ${release()} ${arch()}`,
    date: new Date().toISOString().slice(0, 10),
    versions: [
      `node ${process.version}`,
      `librdkafka ${kafka.librdkafkaVersion}`,
      `onnxruntime ${onnxVersion()}`,
      `broker Kafka ${brokerVersion()}`,
      ...others,
    ],
  }
}

function onnxVersion(): string {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  return dependencies['onnxruntime-node'] ?? ''
}

function brokerVersion(): string {
  const text = readFileSync(join(ROOT, 'scripts/versions.json'), 'utf8')
  const { kafka: pinned } = JSON.parse(text) as { kafka: { artifact: string } }
  return pinned.artifact.split(':').at(-1) ?? ''
}
