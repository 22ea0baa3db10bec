import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import {
  brokenAnchors,
  brokenLinks,
  cycles,
  fileProblems,
  layerProblems,
  placeProblems,
  undocumented,
  worldProblems,
} from './rules.ts'
import { importsOf, projectPaths, readSources } from './sources.ts'
import type { Import, SourceFile } from './sources.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const BYTES_MAX = 2_100_000
const SOURCES = readSources('.ts')
const IMPORTS = SOURCES.flatMap(importsOf)

function file(path: string, text: string): SourceFile {
  return { path, text }
}

function imported(path: string, text: string): Import[] {
  return importsOf(file(path, text))
}

test('the tree has sources, and their imports are read', () => {
  assert.ok(SOURCES.length > 100)
  assert.ok(IMPORTS.some(({ from, to }) => from === 'src/commands.ts' && to === 'src/service.ts'))
})

test('every folder of src imports its own layers only, packages in their place', () => {
  assert.deepEqual(layerProblems(IMPORTS), [])
})

test('a stage that imports another, an adapter or a package out of place is found', () => {
  const bad = [
    ['src/decode/x.ts', "import { a } from '../features/engine.ts'"],
    ['src/loop/x.ts', "import { a } from '../source/kafka-consumer.ts'"],
    ['src/loop/x.ts', "import {\n  a,\n} from '../serving/health.ts'"],
    ['src/domain/x.ts', "import type { A } from '../loop/loop.ts'"],
    ['src/loop/x.ts', "import { z } from 'onnxruntime-node'"],
    ['src/loop/x.ts', "import { z } from 'onnxruntime-node/dist/x.js'"],
    ['src/loop/x.ts', "  const { a } = await import('../serving/health.ts')"],
    ['src/loop/x.ts', "import { z } from '../../scripts/test.ts'"],
    ['src/new/x.ts', "import { z } from '../domain/errors.ts'"],
  ] as const
  for (const [path, text] of bad) assert.equal(layerProblems(imported(path, text)).length, 1, text)
})

test('no file imports itself by way of others', () => {
  assert.deepEqual(cycles(IMPORTS), [])
})

test('a circle of imports is found', () => {
  const circle = [
    ...imported('src/loop/a.ts', "import { b } from './b.ts'"),
    ...imported('src/loop/b.ts', "import { a } from './a.ts'"),
  ]
  assert.deepEqual(cycles(circle), ['src/loop/a.ts → src/loop/b.ts → src/loop/a.ts'])
})

test('clocks, timers and the process are touched by adapters, runtime and main alone', () => {
  assert.deepEqual(SOURCES.flatMap(worldProblems), [])
  assert.equal(worldProblems(file('src/loop/a.ts', 'const a = Date.now()')).length, 1)
})

test('files have the names and lengths of the house, no default exports, no skipped tests', () => {
  assert.deepEqual(SOURCES.flatMap(fileProblems), [])
  assert.equal(fileProblems(file('src/loop/aB.ts', '')).length, 1)
  assert.equal(fileProblems(file('src/a.ts', '\n'.repeat(401))).length, 1)
  assert.equal(fileProblems(file('src/a.ts', 'export default 1')).length, 1)
  assert.equal(fileProblems(file('test/a.test.ts', ['test.', 'skip(1)'].join(''))).length, 1)
})

test('no file names a path of a machine or a private registry', () => {
  const texts = ['.ts', '.md', '.sh', '.json', '.yaml', '.py', 'Makefile'].flatMap(readSources)
  assert.deepEqual(texts.flatMap(placeProblems), [])
  assert.equal(placeProblems(file('a.ts', ['/ro', 'ot/x'].join(''))).length, 1)
  assert.equal(placeProblems(file('a.json', ['"resolved', '": '].join(''))).length, 1)
})

test('every export of src has a doc comment', () => {
  assert.deepEqual(SOURCES.flatMap(undocumented), [])
  assert.equal(undocumented(file('src/a.ts', '\nexport function a() {}')).length, 1)
})

test('every link in a document leads to a file', () => {
  const paths = new Set(projectPaths())
  const documents = readSources('.md')
  assert.deepEqual(
    documents.flatMap((document) => brokenLinks(document, paths)),
    [],
  )
  assert.equal(brokenLinks(file('docs/a.md', '[x](b.md)'), paths).length, 1)
})

test('every link to a heading leads to one', () => {
  assert.deepEqual(brokenAnchors(readSources('.md')), [])
  const one = file(
    'docs/a.md',
    '# One `B` two, three!\n\n[x](#one-b-two-three) [y](b.md#none) [z](#no)',
  )
  const other = file(
    'docs/b.md',
    '## None\n## None\n```sh\n# some\n[q](#code)\n```\n[x](#none-1) [y](#some)',
  )
  assert.deepEqual(brokenAnchors([one, other]), [
    'docs/a.md: docs/a.md has no #no',
    'docs/b.md: docs/b.md has no #some',
  ])
})

test('the changelog has a place for what is not released', () => {
  assert.match(readFileSync(resolve(ROOT, 'CHANGELOG.md'), 'utf8'), /^## \[Unreleased\]$/m)
})

test('no file is larger than 2.1 MB', () => {
  const large = projectPaths().filter((path) => statSync(resolve(ROOT, path)).size > BYTES_MAX)
  assert.deepEqual(large, [])
})
