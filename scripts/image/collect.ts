/**
 * Copies what the service runs from into a folder: its source, and of each package it loads the files
 * for this platform. Run by the Dockerfile after the packages are installed and the binding is built.
 *
 *     node scripts/image/collect.ts FOLDER
 */
import { cpSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { runtimePackages } from './runtime-packages.ts'
import type { LockFile } from './runtime-packages.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const OWN = ['package.json', 'LICENSE', 'src']
/** Documents, types and source maps: nothing loads them. Licences stay. */
const NOT_LOADED = /(?<!licen[cs]e)\.(?:md|map|markdown|[cm]?ts)$/i
/** Folders of a package that it does not load itself. */
const NOT_PART = /^(?:tests?|benchmarks?|examples|docs|\.github)(?:\/|$)/
const ONNX_RUNTIME = `bin/napi-v6/${process.platform}/${process.arch}`
/** Of packages with binaries or sources for other places, what is taken. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  'node_modules/@confluentinc/kafka-javascript': [
    'LICENSE.kafkajs',
    'LICENSE.node-rdkafka',
    'LICENSE.txt',
    'build',
    'deps/librdkafka/LICENSES.txt',
    'lib',
    'librdkafka.js',
    'package.json',
  ],
  'node_modules/@confluentinc/schemaregistry': ['dist', 'package.json'],
  'node_modules/onnxruntime-node': ['dist', 'package.json', ONNX_RUNTIME],
}

const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('where to? node scripts/image/collect.ts FOLDER')
const lock: LockFile = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))

for (const path of OWN) copy(path, target)
for (const folder of runtimePackages(lock)) {
  const parts = PARTS[folder] ?? ['.']
  for (const part of parts) copy(join(folder, part), target)
}

/** Copies a file or folder; packages within a package are copied by themselves. */
function copy(path: string, to: string): void {
  const from = join(ROOT, path)
  const isOurs = OWN.includes(path)
  cpSync(from, join(to, path), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => {
      const within = relative(from, file)
      const isNested = within.split('/').includes('node_modules')
      return isOurs || (!isNested && !NOT_PART.test(within) && !NOT_LOADED.test(file))
    },
  })
}
