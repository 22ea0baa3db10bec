import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const KAFKA_ADDON = 'node_modules/@confluentinc/kafka-javascript'
const ONNX_RUNTIME = 'node_modules/onnxruntime-node'

/** The Kafka binding loads on no other. */
const DEBIAN_RELEASE = 'bookworm'

/** An entry of a bill of materials, as CycloneDX 1.5 has it: what is written here of it. */
export interface Component {
  readonly 'bom-ref': string
  readonly type: 'library' | 'platform'
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly { readonly license: { readonly id: string } }[]
  /** What it was built of. */
  readonly components?: readonly Component[]
  readonly pedigree?: { readonly patches: readonly { readonly type: 'unofficial' }[] }
}

/** Node, with the libraries that are compiled into it. @param versions `process.versions` of that Node */
export function nodeComponent(versions: Readonly<Record<string, string | undefined>>): Component {
  const { node = '', modules: _, napi: __, ...built } = versions
  const purl = `pkg:github/nodejs/node@v${node}`
  const components = Object.entries(built)
    .filter(([, version]) => version !== undefined && version !== '')
    .map(([name, version = '']) =>
      withRef('library', name, version, `pkg:generic/${name}@${version}`),
    )
  return { ...withRef('platform', 'node', node, purl), ...licensed('MIT'), components }
}

/** What comes compiled within a package of npm. */
export function compiledComponents(): readonly Component[] {
  const { librdkafka }: { librdkafka: string } = manifest(KAFKA_ADDON)
  const { version }: { version: string } = manifest(ONNX_RUNTIME)
  const patches = globSync('patches/kafka-javascript-*.patch', { cwd: ROOT })
    .toSorted()
    .map((url) => ({ type: 'unofficial' as const, diff: { url } }))
  return [
    {
      ...withRef(
        'library',
        'librdkafka',
        librdkafka,
        `pkg:github/confluentinc/librdkafka@v${librdkafka}`,
      ),
      ...licensed('BSD-2-Clause'),
      pedigree: { patches },
    },
    {
      ...withRef('library', 'onnxruntime', version, `pkg:github/microsoft/onnxruntime@v${version}`),
      ...licensed('MIT'),
    },
  ]
}

/** Asks `dpkg-query` for what {@link debianComponents} reads. */
export const DEBIAN_QUERY = ['--show', '--showformat=${Package} ${Version} ${Architecture}\\n']

/** Debian's packages. Their licences are in the image, in `/usr/share/doc/PACKAGE/copyright`. */
export function debianComponents(listed: string): readonly Component[] {
  return listed
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', architecture = ''] = line.split(' ')
      const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${DEBIAN_RELEASE}`
      return withRef('library', name, version, purl)
    })
}

// Four plain strings: an object would name each of them twice.
// oxlint-disable-next-line max-params
function withRef(type: Component['type'], name: string, version: string, purl: string): Component {
  return { 'bom-ref': purl, type, name, version, purl }
}

function licensed(id: string): Pick<Component, 'licenses'> {
  return { licenses: [{ license: { id } }] }
}

function manifest<Fields>(folder: string): Fields {
  return JSON.parse(readFileSync(resolve(ROOT, folder, 'package.json'), 'utf8'))
}
