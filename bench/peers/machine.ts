import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import kafka from '@confluentinc/kafka-javascript'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'

const HERE = import.meta.dirname

/** Where, when and with what a series was measured. */
export interface TestedOn {
  readonly machine: string
  /** Day, UTC. */
  readonly date: string
  readonly versions: readonly string[]
}

/** This machine, today, and the versions that the pinned files name. */
export function testedOn(): TestedOn {
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const cpu = `${cpus().length} × ${cpus()[0]?.model.trim()}`
  return {
    machine: `${cpu}, ${gibibytes} GiB, ${platform()} ${release()} ${arch()}`,
    date: new Date().toISOString().slice(0, 10),
    versions: [
      `node ${process.version}`,
      `librdkafka ${kafka.librdkafkaVersion}`,
      `broker Kafka ${brokerVersion()}`,
      `Java ${javaVersion()}`,
      ...javaLibraries(),
      ...read('python/requirements.txt')
        .trim()
        .split('\n')
        .map((line) => line.replace('==', ' ')),
    ],
  }
}

function brokerVersion(): string {
  const { kafka: pinned } = JSON.parse(read('../../scripts/versions.json')) as {
    kafka: { artifact: string }
  }
  return pinned.artifact.split(':').at(-1) ?? ''
}

function javaVersion(): string {
  const output = execFileSync(JAVA, ['--version'], { encoding: 'utf8' })
  return output.split(/\s/)[1] ?? ''
}

function javaLibraries(): readonly string[] {
  const pom = read('java/pom.xml')
  const of = (property: string): string => new RegExp(`<${property}>(.*)<`).exec(pom)?.[1] ?? ''
  return [`kafka-streams ${of('kafka.version')}`, `onnxruntime (Java) ${of('ort.version')}`]
}

function read(path: string): string {
  return readFileSync(join(HERE, path), 'utf8')
}
