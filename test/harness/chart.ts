import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'

const ROOT = resolve(import.meta.dirname, '../..')
const BIN = join(ROOT, '.millrace/bin')
const SCHEMAS = join(ROOT, '.millrace/kubernetes-schemas')
const CHART = join(ROOT, 'helm/millrace')
/** A helm built from source takes itself for a very old Kubernetes. */
const KUBERNETES = '--kube-version=1.34.0'
/** Of the kinds of KEDA, Strimzi and the Prometheus operator. */
const CUSTOM_SCHEMAS = join(ROOT, '.millrace/custom-schemas')

/** The Kubernetes versions that manifests are checked against. */
export const KUBERNETES_VERSIONS = readdirSync(SCHEMAS)

/** The files of values in `ci/`, by name. */
export const EXAMPLES = new Map(
  readdirSync(join(CHART, 'ci')).map((name) => [
    name.replace('-values.yaml', ''),
    join(CHART, 'ci', name),
  ]),
)

/** A rendered object. */
export interface Manifest {
  readonly kind: string
  readonly [field: string]: unknown
}

/** What a program said. */
interface Said {
  readonly isOk: boolean
  readonly text: string
}

const rendered = new Map<string, Manifest[]>()

/** Renders the chart with an example's values and more. @throws Error with what helm said */
export function render(example: string, sets: readonly string[] = []): Manifest[] {
  const known = rendered.get([example, ...sets].join())
  if (known !== undefined) return known
  const { isOk, text } = helm('template', example, sets)
  if (!isOk) throw new Error(text)
  const values = parseAllDocuments(text).map((document): unknown => document.toJSON())
  const manifests = values.filter((value) => value !== null) as Manifest[]
  rendered.set([example, ...sets].join(), manifests)
  return manifests
}

/** Why the chart refuses these values. @throws Error when it does not */
export function refusal(example: string, sets: readonly string[]): string {
  const { isOk, text } = helm('template', example, sets)
  if (isOk) throw new Error(`${sets.join(', ')} is not refused`)
  return text
}

/** `helm lint --strict`. */
export function lint(example: string, sets: readonly string[] = []): Said {
  return helm('lint', example, ['--strict', ...sets])
}

/** Checks rendered objects, those of operators too, as strictly as the API server of that version. */
export function kubeconform(manifests: readonly Manifest[], version: string): Said {
  const folders = [`${SCHEMAS}/${version}`, CUSTOM_SCHEMAS]
  const schemas = folders.flatMap((folder) => [
    '-schema-location',
    `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`,
  ])
  const args = ['-strict', '-summary', '-kubernetes-version', version, ...schemas]
  return run('kubeconform', args, manifests.map((each) => JSON.stringify(each)).join('\n---\n'))
}

/** Whether the API server takes all pods under the Pod Security Standard "restricted", by its own code. */
export function podSecurity(manifests: readonly Manifest[]): Said {
  return run('pod-security', [], JSON.stringify(manifests))
}

/** The suites of `tests/`, which render each template by itself. */
export function unittest(): Said {
  return run('helm-unittest', ['--strict', CHART])
}

/** `hadolint` on the Dockerfile. */
export function hadolint(): Said {
  return run('hadolint', [join(ROOT, 'Dockerfile')])
}

/** The one object of a kind. */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((each) => each.kind === kind)
  if (found === undefined || more.length > 0) throw new Error(`not one ${kind}`)
  return found
}

/** What lies at a path of keys and indexes, e.g. `spec.template.spec.containers.0.image`. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)
}

function helm(command: 'template' | 'lint', example: string, sets: readonly string[]): Said {
  const values = EXAMPLES.get(example)
  if (values === undefined) throw new Error(`no example ${example}`)
  const given = sets.flatMap((each) => (each.startsWith('--') ? [each] : ['--set', each]))
  const release = command === 'template' ? ['release'] : []
  return run('helm', [command, ...release, CHART, KUBERNETES, '--values', values, ...given])
}

function run(program: string, args: readonly string[], input = ''): Said {
  const { status, stdout, stderr, error } = spawnSync(join(BIN, program), args, {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined)
    throw new Error(`${program} cannot be run; \`make tools\``, { cause: error })
  return { isOk: status === 0, text: status === 0 ? stdout : `${stdout}${stderr}` }
}
