import assert from 'node:assert/strict'
import { parseExposition } from './prometheus.ts'
import type { Family } from './prometheus.ts'

/** One answer of `/metrics`, read by a real Prometheus parser. */
export class Scrape {
  readonly #families: ReadonlyMap<string, Family>

  private constructor(families: readonly Family[]) {
    this.#families = new Map(families.map((family) => [family.name, family]))
  }

  /** @param body in the text format */
  static ofText(body: string): Scrape {
    return new Scrape(parseExposition(body))
  }

  /** Asks a service, as one who takes anything. */
  static async of(url: string): Promise<Scrape> {
    const answer = await fetch(`${url}/metrics`)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    return Scrape.ofText(await answer.text())
  }

  /** Asks a service for OpenMetrics. */
  static async openMetricsOf(url: string): Promise<Scrape> {
    const accept = 'application/openmetrics-text;version=1.0.0,*/*;q=0.1'
    const answer = await fetch(`${url}/metrics`, { headers: { accept } })
    const type = answer.headers.get('content-type') ?? ''
    assert.match(type, /^application\/openmetrics-text; version=1\.0\.0/)
    return new Scrape(parseExposition(await answer.text(), 'openmetrics'))
  }

  /** Names of all families. */
  get names(): readonly string[] {
    return [...this.#families.keys()]
  }

  /** Sum of the samples with these labels. A counter's family has its name without `_total`. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const family = this.#families.get(name.replace(/_(total|count|sum)$/, ''))
    const found = (family ?? this.#families.get(name))?.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    assert.ok(found !== undefined && found.length > 0, `no sample ${name}`)
    return found.reduce((sum, sample) => sum + sample.value, 0)
  }

  /** A family with its help, type and samples. */
  family(name: string): Family | undefined {
    return this.#families.get(name)
  }
}
