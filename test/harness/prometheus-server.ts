import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'
import { Part } from '../../scripts/testbed/part.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'

const PROMETHEUS = resolve(import.meta.dirname, '../../.millrace/bin/prometheus')
const START_WAIT_MS = 60_000

/** A sample that answers a query. */
export interface Answer {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What Prometheus holds of an exemplar, with the series it came with. */
export interface StoredExemplar {
  readonly series: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Seconds since the epoch. */
  readonly timestamp: number
}

/** What Prometheus holds of a rule. */
export interface RuleState {
  readonly name: string
  readonly health: string
  readonly lastError?: string
  /** Alerts only: `inactive`, `pending` or `firing`. */
  readonly state?: string
}

/**
 * A real Prometheus, which scrapes addresses four times a second, keeps exemplars and evaluates rules each second.
 */
export class PrometheusServer {
  readonly #url: string

  private constructor(url: string) {
    this.#url = url
  }

  /** Starts it; it is stopped when the test ends. */
  static async start(
    t: TestContext,
    options: { readonly targets: readonly string[]; readonly ruleFile: string },
  ): Promise<PrometheusServer> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-prometheus-'))
    const [port = 0] = await freePorts(1)
    const url = `http://127.0.0.1:${port}`
    const scrape = { job_name: 'millrace', static_configs: [{ targets: options.targets }] }
    const config = {
      global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [scrape],
    }
    writeFileSync(join(folder, 'prometheus.yaml'), stringify(config))
    // Groups that take their time do not here.
    const rules = readFileSync(options.ruleFile, 'utf8').replaceAll(/^ +interval: .*\n/gm, '')
    writeFileSync(join(folder, 'rules.yaml'), rules)
    const part = new Part({
      name: 'Prometheus',
      command: PROMETHEUS,
      args: [
        '--config.file=prometheus.yaml',
        '--storage.tsdb.path=data',
        '--enable-feature=exemplar-storage',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: folder,
      logFile: join(folder, 'prometheus.log'),
      isUp: () => isReady(url),
      startWaitMs: START_WAIT_MS,
    })
    t.after(async () => {
      await part.stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })
    await part.start()
    return new PrometheusServer(url)
  }

  /** The answer to an instant query. @throws Error when Prometheus refuses it */
  async query(query: string): Promise<readonly Answer[]> {
    const { result } = await this.#ask<{
      result: { metric: Record<string, string>; value: [number, string] }[]
    }>(`query?${new URLSearchParams({ query }).toString()}`)
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
  }

  /** The exemplars of all series that a query reads, of the last hour. */
  async exemplars(query: string): Promise<readonly StoredExemplar[]> {
    const now = Date.now() / 1_000
    const range = { query, start: String(now - 3_600), end: String(now + 60) }
    const found = await this.#ask<
      {
        seriesLabels: Record<string, string>
        exemplars: { labels: Record<string, string>; value: string; timestamp: number }[]
      }[]
    >(`query_exemplars?${new URLSearchParams(range).toString()}`)
    return found.flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map((each) => ({ ...each, value: Number(each.value), series: seriesLabels })),
    )
  }

  /** All rules, as last evaluated. */
  async rules(): Promise<readonly RuleState[]> {
    const { groups } = await this.#ask<{ groups: { rules: RuleState[] }[] }>('rules')
    return groups.flatMap(({ rules }) => rules)
  }

  async #ask<Data>(path: string): Promise<Data> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`)
    const body = (await answer.json()) as { status: string; data: Data; error?: string }
    if (body.status !== 'success') throw new Error(`Prometheus refuses ${path}: ${body.error}`)
    return body.data
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
