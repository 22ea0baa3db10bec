import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { cacheFolder } from '../../scripts/flights/flights.ts'

const REQUIREMENTS = join(import.meta.dirname, 'otlp-requirements.txt')

/** A value of OTLP/JSON. */
interface AnyValue {
  readonly stringValue?: string
  readonly intValue?: string
  readonly doubleValue?: number
}

type KeyValues = readonly { readonly key: string; readonly value: AnyValue }[]

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: KeyValues
  readonly links?: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly traceState?: string
    readonly attributes?: KeyValues
  }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}

/** A request, as OTLP/JSON has it. */
export interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: KeyValues }
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[]
  }[]
}

type Attributes = Readonly<Record<string, string | number | undefined>>

/** A span as a receiver understood it. */
export interface ReceivedSpan extends Omit<OtlpSpan, 'attributes' | 'links'> {
  readonly resource: Attributes
  readonly attributes: Attributes
  readonly links: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly traceState: string | undefined
    readonly attributes: Attributes
  }[]
}

/** A receiver of traces. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string
  /** What has come so far. */
  readonly spans: readonly ReceivedSpan[]
}

/** The spans of a request. */
export function spansOf({ resourceSpans }: OtlpRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, links = [], ...span }) => ({
        ...span,
        resource: valuesOf(resource.attributes),
        attributes: valuesOf(attributes),
        links: links.map(({ traceId, spanId, traceState, attributes: of = [] }) => ({
          traceId,
          spanId,
          traceState,
          attributes: valuesOf(of),
        })),
      })),
    ),
  )
}

function valuesOf(attributes: KeyValues): Attributes {
  const read = ({ stringValue, intValue, doubleValue }: AnyValue): string | number | undefined =>
    stringValue ?? doubleValue ?? (intValue === undefined ? undefined : Number(intValue))
  return Object.fromEntries(attributes.map(({ key, value }) => [key, read(value)]))
}

/** A receiver that decodes with OpenTelemetry's published definitions; it ends with the test. */
export async function startReceiver(t: TestContext): Promise<OtlpReceiver> {
  const script = join(import.meta.dirname, 'otlp.py')
  const env = { ...process.env, PYTHONPATH: definitions() }
  const child = spawn('python3', [script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  })
  const lines = createInterface({ input: child.stdout })
  const [port]: unknown[] = await once(lines, 'line')
  assert.match(String(port), /^\d+$/)
  const spans: ReceivedSpan[] = []
  lines.on('line', (line) => spans.push(...spansOf(JSON.parse(line))))
  return { url: `http://127.0.0.1:${String(port)}`, spans }
}

/** Where the definitions are; fetched once a machine. */
function definitions(): string {
  const pinned = readFileSync(REQUIREMENTS, 'utf8').trim().replaceAll('==', '-')
  const folder = join(cacheFolder(), pinned.replaceAll('\n', '-'))
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const target = ['--no-deps', '--target', `${folder}.part`, '-r', REQUIREMENTS]
  execFileSync('python3', ['-m', 'pip', 'install', '--quiet', ...target], { stdio: 'inherit' })
  renameSync(`${folder}.part`, folder)
  return folder
}
