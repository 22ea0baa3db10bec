import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generatedFiles, staleFiles } from '../../../scripts/docs/files.ts'
import { markdownTable, replaceBetween } from '../../../scripts/docs/markdown.ts'
import { ERROR_CODES } from '../../../src/domain/errors.ts'
import { DEAD_LETTER_REASONS } from '../../../src/domain/outcome.ts'
import { parseModelSpec } from '../../../src/features/spec.ts'
import { LOG_CODES } from '../../../src/telemetry/log-codes.ts'

const ROOT = new URL('../../../', import.meta.url)

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

const MODELS = ['engagement', 'flight-delay'].map((name) => {
  const path = `models/${name}/model.yaml`
  return parseModelSpec(read(path), path)
})

/** A file may not be there before its first generation. */
const readIfThere = (path: string): string | undefined =>
  existsSync(new URL(path, ROOT)) ? read(path) : undefined
const FILES = await generatedFiles(MODELS, readIfThere)

test('generated files are fresh: `npm run docs` would change nothing', () => {
  assert.deepEqual(
    staleFiles(FILES, readIfThere).map(({ path }) => path),
    [],
  )
})

test('a file that differs or is missing is stale, and is named', () => {
  const fresh = { path: 'a', content: 'text' }
  const files = [fresh, { path: 'b', content: 'text' }, { path: 'c', content: 'text' }]
  const onDisk = new Map([
    ['a', 'text'],
    ['b', 'text '],
  ])
  const stale = staleFiles(files, (path) => onDisk.get(path))
  assert.deepEqual(
    stale.map(({ path }) => path),
    ['b', 'c'],
  )
})

test('documents, the schema of model.yaml and the schemas of every model are generated', () => {
  const paths = FILES.map(({ path }) => path)
  for (const path of ['docs/configuration.md', 'docs/operations.md', 'docs/topics.md']) {
    assert.ok(paths.includes(path), path)
  }
  assert.ok(paths.includes('docs/model.schema.json'))
  for (const topic of ['features', 'predictions', 'audit']) {
    assert.ok(paths.includes(`schemas/flight-delay/${topic}.avsc`), topic)
  }
})

test('operators are told of every code of errors and log lines, and every dead-letter reason', () => {
  const operations = read('docs/operations.md')
  for (const code of [...Object.keys(ERROR_CODES), ...Object.keys(LOG_CODES)])
    assert.ok(operations.includes(`| \`${code}\` |`), code)
  for (const reason of DEAD_LETTER_REASONS)
    assert.ok(operations.includes(`| \`${reason}\` |`), reason)
})

test('only what is between the markers of a document is replaced', () => {
  const document = 'a\n<!-- begin x (generated) -->\nold\n<!-- end x -->\nb\n'
  const replaced = replaceBetween(document, 'x', 'new')
  assert.equal(replaced, 'a\n<!-- begin x (generated) -->\n\nnew\n\n<!-- end x -->\nb\n')
  assert.equal(replaceBetween(replaced, 'x', 'new'), replaced)
  assert.throws(() => replaceBetween(document, 'y', 'new'), /must have <!-- begin y/)
})

test('a bar in a cell does not end it', () => {
  assert.equal(markdownTable(['a'], [['x|y']]), '| a |\n|---|\n| x\\|y |')
})
