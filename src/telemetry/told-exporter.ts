import { ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { Log } from './log.ts'

type Told = Parameters<SpanExporter['export']>[1]

/** An exporter that tells once when spans begin to be lost, and once when they are exported again. */
export class ToldExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #log: Log
  #lost = 0

  constructor(exporter: SpanExporter, log: Log) {
    this.#exporter = exporter
    this.#log = log
  }

  export(spans: ReadableSpan[], done: Told): void {
    this.#exporter.export(spans, (result) => {
      this.#tell(spans.length, result)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  #tell(spans: number, { code, error }: Parameters<Told>[0]): void {
    const isExported = code === ExportResultCode.SUCCESS
    if (isExported && this.#lost > 0) {
      this.#log('TRACES_BACK', `traces are exported again; ${this.#lost} spans were lost`)
    }
    if (!isExported && this.#lost === 0) {
      this.#log('TRACES_LOST', `traces cannot be exported: ${error?.message ?? 'no reason given'}`)
    }
    this.#lost = isExported ? 0 : this.#lost + spans
  }
}
