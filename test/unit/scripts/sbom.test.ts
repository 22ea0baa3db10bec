import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { billOfMaterials } from '../../../scripts/image/bill.ts'
import { runtimePackages } from '../../../scripts/image/runtime-packages.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const require = createRequire(import.meta.url)
const ONNX_RUNTIME = 'node_modules/onnxruntime-node/bin/napi-v6/*/*/libonnxruntime*'
const CONTENTS = {
  versions: { node: '24.0.0', openssl: '3.5.8', nghttp3: '', modules: '137', napi: '10' },
  packages: 'libstdc++6 12.2.0-14+deb12u1 amd64\ntini 0.19.0-1+b3 amd64\n',
}
const plain = billOfMaterials()
const looked = billOfMaterials(CONTENTS)

function versionOf(name: string, { components } = plain): string | undefined {
  return components.find((each) => each.name === name)?.version
}

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8')
}

test('every package that the service loads is in the bill, with its licence', () => {
  const folders = runtimePackages(JSON.parse(read('package-lock.json')))
  const installed = folders.map((folder) => {
    const { name, version } = JSON.parse(read(`${folder}/package.json`))
    return `${name}@${version}`
  })
  const told = plain.components.filter(({ purl }) => purl.startsWith('pkg:npm/'))
  assert.deepEqual(
    new Set(told.map(({ name, version }) => `${name}@${version}`)),
    new Set(installed),
  )
  assert.ok(told.every(({ licenses }) => licenses?.[0]?.license.id !== 'unknown'))
})

test('what is compiled within the packages is in the bill as what is loaded says it is', () => {
  const { librdkafkaVersion } = require('@confluentinc/kafka-javascript')
  assert.equal(versionOf('librdkafka'), librdkafkaVersion)
  const [library] = globSync(ONNX_RUNTIME, { cwd: ROOT })
  const symbols = `VERS_${versionOf('onnxruntime')}\0`
  assert.ok(library !== undefined && readFileSync(resolve(ROOT, library)).includes(symbols))
})

test('the patches of librdkafka are told', () => {
  const patches = plain.components.find(({ name }) => name === 'librdkafka')?.pedigree?.patches
  assert.equal(patches?.length, globSync('patches/*', { cwd: ROOT }).length)
})

test('Node is in the bill, with what is within it', () => {
  assert.equal(versionOf('node'), JSON.parse(read('scripts/versions.json')).node.version)
  const node = looked.components.find(({ name }) => name === 'node')
  assert.deepEqual(
    node?.components?.map(({ name, version }) => `${name} ${version}`),
    ['openssl 3.5.8'],
  )
})

test("an image that was looked at adds Debian's packages", () => {
  const debian = looked.components.filter(({ purl }) => purl.startsWith('pkg:deb/'))
  assert.deepEqual(
    debian.map(({ purl }) => purl),
    [
      'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=bookworm',
      'pkg:deb/debian/tini@0.19.0-1%2Bb3?arch=amd64&distro=bookworm',
    ],
  )
  assert.equal(looked.components.length, plain.components.length + debian.length)
})

test('the bill refers to nothing that is not in it', () => {
  const { component } = plain.metadata
  const refs = [component['bom-ref'], ...plain.components.map((each) => each['bom-ref'])]
  assert.equal(new Set(refs).size, refs.length)
  const used = plain.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn])
  assert.deepEqual(
    used.filter((ref) => !refs.includes(ref)),
    [],
  )
})
