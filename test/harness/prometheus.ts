import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../scripts/flights/flights.ts'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')

/** A metric family as Prometheus reads it. */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    /** OpenMetrics only. */
    readonly exemplar: {
      readonly labels: Readonly<Record<string, string>>
      readonly value: number
      /** Seconds since the epoch. */
      readonly timestamp: number
    } | null
  }[]
}

/** Parses an exposition with `prometheus_client`, the Prometheus project's own. @throws Error when it cannot */
export function parseExposition(text: string, format: 'text' | 'openmetrics' = 'text'): Family[] {
  const env = { ...process.env, PYTHONPATH: parserFolder() }
  const script = join(import.meta.dirname, 'prometheus.py')
  const json = execFileSync('python3', [script, format], { input: text, env, encoding: 'utf8' })
  const families: (Omit<Family, 'samples'> & {
    samples: (Omit<Family['samples'][number], 'value'> & { value: string })[]
  })[] = JSON.parse(json)
  return families.map((family) => ({
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, value: numberOf(sample.value) })),
  }))
}

/** Where the parser is; fetched once a machine. */
function parserFolder(): string {
  const version = readFileSync(REQUIREMENTS, 'utf8').trim().replace('==', '-')
  const folder = join(cacheFolder(), version)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const target = ['--no-deps', '--target', `${folder}.part`, '-r', REQUIREMENTS]
  execFileSync('python3', ['-m', 'pip', 'install', '--quiet', ...target], { stdio: 'inherit' })
  renameSync(`${folder}.part`, folder)
  return folder
}

/** Python's words for what JSON has none for. */
function numberOf(text: string): number {
  if (text === 'inf') return Infinity
  return text === '-inf' ? -Infinity : Number(text)
}
