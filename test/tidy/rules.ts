import { dirname, join, normalize } from 'node:path'
import type { Import, SourceFile } from './sources.ts'

/** Which folders of `src` a folder may import besides itself; `docs/architecture.md` says why. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  runtime: ['domain'],
  config: ['domain'],
  source: ['domain', 'runtime'],
  decode: ['domain', 'runtime'],
  features: ['domain'],
  inference: ['domain'],
  sink: ['domain', 'runtime'],
  drift: ['domain'],
  loop: ['domain', 'runtime', 'source', 'decode', 'features', 'inference', 'sink', 'drift'],
  serving: ['domain', 'loop'],
  telemetry: ['domain', 'loop', 'runtime', 'drift'],
  tools: [
    'domain',
    'config',
    'runtime',
    'source',
    'decode',
    'features',
    'inference',
    'sink',
    'drift',
  ],
}

/** Files that reach out of the process: only the composition knows them. */
const ADAPTERS: readonly string[] = [
  'src/source/kafka-consumer.ts',
  'src/source/kafka-trouble.ts',
  'src/source/seek.ts',
  'src/source/partition-counts.ts',
  'src/source/topic-settings.ts',
  'src/source/group-client.ts',
  'src/source/assigned-partitions.ts',
  'src/source/kafka-changelog.ts',
  'src/source/kafka-log.ts',
  'src/source/state-topic.ts',
  'src/sink/kafka-producer.ts',
  'src/decode/registry-codec.ts',
  'src/inference/onnx-scorer.ts',
  'src/runtime/registry-client.ts',
  'src/serving/app.ts',
  'src/serving/http.ts',
  'src/serving/watch-app.ts',
  'src/telemetry/metrics.ts',
  'src/telemetry/log.ts',
  'src/telemetry/tracing.ts',
]

/** Where `src` is put together. */
const COMPOSITION: readonly string[] = [
  'src/main.ts',
  'src/commands.ts',
  'src/service.ts',
  'src/dlq.ts',
  'src/dlq-watch.ts',
  'src/drift-reference.ts',
  'src/start/changelog.ts',
  'src/start/clients.ts',
  'src/start/codecs.ts',
  'src/start/drift.ts',
  'src/start/model.ts',
  'src/start/output-plan.ts',
  'src/start/output-topics.ts',
  'src/start/predictions.ts',
  'src/start/traces.ts',
]

/** Packages that one place alone may use. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@confluentinc/kafka-javascript': [
    'src/source/assigned-partitions.ts',
    'src/source/kafka-consumer.ts',
    'src/source/seek.ts',
    'src/source/partition-counts.ts',
    'src/source/topic-settings.ts',
    'src/source/group-client.ts',
    'src/source/kafka-changelog.ts',
    'src/source/kafka-log.ts',
    'src/source/last-written.ts',
    'src/source/state-topic.ts',
    'src/sink/kafka-producer.ts',
  ],
  '@confluentinc/schemaregistry': ['src/runtime/registry-client.ts'],
  'onnxruntime-node': ['src/inference/onnx-worker.ts'],
  'prom-client': ['src/telemetry/registry.ts'],
  fastify: [
    'src/serving/app.ts',
    'src/serving/http.ts',
    'src/serving/watch-app.ts',
    'src/service.ts',
  ],
  pino: ['src/telemetry/log.ts'],
  avsc: ['src/decode/avro-codec.ts', 'src/decode/avro-logical.ts', 'src/decode/avro-schema.ts'],
  protobufjs: [
    'src/decode/proto-schema.ts',
    'src/decode/proto-codec.ts',
    'src/decode/proto-compiler.ts',
    'src/decode/proto-scalars.ts',
  ],
  'protobufjs/ext/descriptor/index.js': ['src/decode/proto-schema.ts'],
  yaml: ['src/features/yaml-text.ts'],
  '@opentelemetry/api': ['src/telemetry/unit-sampler.ts', 'src/telemetry/unit-spans.ts'],
  '@opentelemetry/core': ['src/telemetry/told-exporter.ts', 'src/telemetry/unit-spans.ts'],
  '@opentelemetry/exporter-trace-otlp-proto': ['src/telemetry/tracing.ts'],
  '@opentelemetry/resources': ['src/telemetry/tracing.ts'],
  '@opentelemetry/sdk-trace': [
    'src/telemetry/told-exporter.ts',
    'src/telemetry/tracing.ts',
    'src/telemetry/unit-sampler.ts',
  ],
}

const LINES_MAX = 400

/** Imports of `src` that go against the layers. */
export function layerProblems(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to, isPackage }) => {
    if (!from.startsWith('src/') || COMPOSITION.includes(from)) return []
    if (isPackage) {
      const places = PACKAGES[to]
      const isPlace = places === undefined || places.includes(from)
      return isPlace ? [] : [`${from} imports ${to}, which ${places.join(' and ')} may alone`]
    }
    if (!to.startsWith('src/')) return [`${from} imports ${to}, which is not in src`]
    return folderProblem(from, to)
  })
}

function folderProblem(from: string, to: string): string[] {
  const [, own = ''] = from.split('/')
  const [, other = ''] = to.split('/')
  const allowed = LAYERS[own]
  if (allowed === undefined) return [`${from} is in no layer`]
  if (own !== other && !allowed.includes(other)) return [`${from} imports ${to}: not its layer`]
  // What belongs to the same adapter may share its parts.
  if (own !== other && ADAPTERS.includes(to) && other !== 'runtime') {
    return [`${from} imports the adapter ${to}`]
  }
  return []
}

/** Files that import each other in a circle, each circle once. Types alone make no circle. */
export function cycles(imports: readonly Import[]): string[] {
  const targets = new Map<string, string[]>()
  for (const { from, to, isPackage, isType } of imports) {
    if (isPackage || isType) continue
    targets.set(from, [...(targets.get(from) ?? []), to])
  }
  const found = new Set<string>()
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) found.add([...path.slice(at), file].join(' → '))
    if (at >= 0 || done.has(file)) return
    for (const target of targets.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of targets.keys()) visit(file, [])
  return [...found]
}

/** What only adapters, `runtime` and the composition may touch: clocks, timers, the process. */
export function worldProblems({ path, text }: SourceFile): string[] {
  const isFree =
    !path.startsWith('src/') ||
    path.startsWith('src/runtime/') ||
    COMPOSITION.includes(path) ||
    ADAPTERS.includes(path)
  if (isFree) return []
  const world =
    /\b(Date\.now|process\.(?:env|exit)|set(?:Timeout|Interval)\(|Math\.random|performance\.now)/g
  return [...text.matchAll(world)].map(([found]) => `${path} uses ${found}`)
}

/** Names, lengths, and words that must not be in any file. */
export function fileProblems({ path, text }: SourceFile): string[] {
  const name = path.split('/').at(-1) ?? ''
  const problems: string[] = []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/.test(name)) problems.push(`${path}: not kebab-case`)
  const lines = text.split('\n').length - 1
  if (lines > LINES_MAX) problems.push(`${path}: ${lines} lines, at most ${LINES_MAX}`)
  if (/^export default /m.test(text)) problems.push(`${path}: a default export`)
  if (/\b(test|suite|describe|it)\.(skip|todo|only)\(/.test(text)) problems.push(`${path}: a skip`)
  return problems
}

/** Paths of a machine, and hosts that a clone elsewhere could not reach. */
export function placeProblems({ path, text }: SourceFile): string[] {
  const places =
    /(?<![\w.])\/(?:root|home|Users|work)\/[\w.-]+|"resolved"\s*:|(?:registry\.npmjs|pypi)\.org|repo1\.maven|python[h]osted/g
  return [...text.matchAll(places)].map(([found]) => `${path} names ${found}`)
}

/** Exports of `src` without a doc comment. */
export function undocumented({ path, text }: SourceFile): string[] {
  if (!path.startsWith('src/')) return []
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const found = /^export (?:async )?(?:function|class|const) (\w+)/.exec(line)
    if (found === null || lines[index - 1]?.trimEnd().endsWith('*/') === true) return []
    return [`${path}: ${found[1]} has no doc comment`]
  })
}

/** Links of a Markdown file to files that are not there. */
export function brokenLinks({ path, text }: SourceFile, paths: ReadonlySet<string>): string[] {
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].flatMap(([, link = '']) => {
    const target = targetOf(path, link)
    const isThere = paths.has(target) || [...paths].some((each) => each.startsWith(`${target}/`))
    return isThere ? [] : [`${path}: ${link} is not there`]
  })
}

/** Links to headings, of these Markdown files, that their file does not have. */
export function brokenAnchors(documents: readonly SourceFile[]): string[] {
  const anchors = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]))
  return documents.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].flatMap(
      ([, link = '', anchor = '']) => {
        const target = link === '' ? path : targetOf(path, link)
        const isThere = anchors.get(target)?.has(anchor) !== false
        return isThere ? [] : [`${path}: ${target} has no #${anchor}`]
      },
    ),
  )
}

function targetOf(path: string, link: string): string {
  return normalize(join(dirname(path), link)).replace(/\/$/, '')
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '')
}

/** Of all headings, as GitHub makes them: lower case, spaces as dashes, most else left out. */
function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  return new Set(
    [...withoutCode(text).matchAll(/^#{1,6} +(.*?) *$/gm)].map(([, heading = '']) => {
      const bare = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      const slug = bare
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-')
      const times = seen.get(slug) ?? 0
      seen.set(slug, times + 1)
      return times === 0 ? slug : `${slug}-${times}`
    }),
  )
}
