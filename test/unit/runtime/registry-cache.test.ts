import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { z } from 'zod'
import { ServiceError } from '../../../src/domain/errors.ts'
import { RegistryCache } from '../../../src/runtime/registry-cache.ts'

const TEXT = { name: 'schema-7', what: 'schema 7', schema: z.string() }
const REGISTRY = ['http://registry:8081']

async function open(t: TestContext, { filesMax = 10 } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-cache-'))
  t.after(() => rm(directory, { recursive: true }))
  const problems: string[] = []
  const used: string[] = []
  const events = {
    used: (what: string) => used.push(what),
    problem: (message: string) => problems.push(message),
  }
  const openAt = (registryUrls: readonly string[]) =>
    RegistryCache.open({ directory, registryUrls, events, filesMax })
  const cache = await openAt(REGISTRY)
  const [folder = ''] = await readdir(directory)
  const file = join(directory, folder, 'schema-7.json')
  return { cache, openAt, file, folder: join(directory, folder), problems, used }
}

function answering(text: string) {
  return () => Promise.resolve(text)
}

function away(): Promise<string> {
  return Promise.reject(new ServiceError('REGISTRY_UNAVAILABLE', 'no answer'))
}

test('what the registry answered is there for the next process, and used only while it is away', async (t) => {
  const { cache, openAt, used, problems } = await open(t)
  assert.equal(await cache.askOrRecall(answering('one'), TEXT), 'one')
  const next = await openAt(REGISTRY)
  assert.equal(await next.askOrRecall(answering('two'), TEXT), 'two')
  assert.deepEqual(used, [])
  assert.equal(await next.askOrRecall(away, TEXT), 'two')
  assert.deepEqual(used, ['schema 7'])
  assert.deepEqual(problems, [])
})

test('without a kept answer the registry is unavailable as before', async (t) => {
  const { cache } = await open(t)
  await assert.rejects(cache.askOrRecall(away, TEXT), { code: 'REGISTRY_UNAVAILABLE' })
})

test('a refusal is an answer: nothing kept takes its place', async (t) => {
  const { cache } = await open(t)
  await cache.askOrRecall(answering('one'), TEXT)
  const refuse = () => Promise.reject<string>(new ServiceError('SCHEMA_REFUSED', 'no'))
  await assert.rejects(cache.askOrRecall(refuse, TEXT), { code: 'SCHEMA_REFUSED' })
})

test('one registry never sees what another answered', async (t) => {
  const { cache, openAt } = await open(t)
  await cache.keep('schema-7', 'one')
  const other = await openAt(['http://registry-2:8081'])
  assert.equal(await other.recall('schema-7', z.string()), undefined)
})

const DAMAGE = [
  ['half of a file', (text: string) => text.slice(0, text.length / 2), /JSON/],
  ['an empty file', () => '', /JSON/],
  ['a changed byte', (text: string) => text.replace('"one"', '"One"'), /content was changed/],
  ['another layout', (text: string) => text.replace('cache/1', 'cache/2'), /no millrace-registry/],
  ['another name', (text: string) => text.replace('schema-7', 'schema-8'), /belongs to "schema-8"/],
  ['JSON of another program', () => 'null', /no millrace-registry/],
  ['too many bytes', (text: string) => text.padEnd(1024 * 1024 + 1), /1048577 bytes/],
] as const

for (const [name, damage, problem] of DAMAGE) {
  test(`${name} is as if it were absent, is told, and is replaced by the next answer`, async (t) => {
    const { cache, file, problems } = await open(t)
    await cache.keep('schema-7', 'one')
    await writeFile(file, damage(await readFile(file, 'utf8')))
    await assert.rejects(cache.askOrRecall(away, TEXT), { code: 'REGISTRY_UNAVAILABLE' })
    assert.equal(problems.length, 1)
    assert.match(problems[0] ?? '', problem)
    await cache.askOrRecall(answering('one'), TEXT)
    assert.equal(await cache.askOrRecall(away, TEXT), 'one')
    assert.equal(problems.length, 1)
  })
}

test('a value of another kind is as if it were absent', async (t) => {
  const { cache, problems } = await open(t)
  await cache.keep('schema-7', 7)
  assert.equal(await cache.recall('schema-7', z.string()), undefined)
  assert.match(problems[0] ?? '', /something else/)
})

test('the folder has at most so many files; those that are there can still be replaced', async (t) => {
  const { cache, problems } = await open(t, { filesMax: 2 })
  for (const name of ['a', 'b', 'c']) await cache.keep(name, name)
  await cache.keep('a', 'A')
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /at most 2 files/)
  assert.equal(await cache.recall('c', z.string()), undefined)
  assert.equal(await cache.recall('a', z.string()), 'A')
})

test('an answer above the bound is not kept', async (t) => {
  const { cache, problems } = await open(t)
  await cache.keep('schema-7', 'x'.repeat(1024 * 1024))
  assert.match(problems[0] ?? '', /at most 1048576 bytes, got 10487\d\d/)
  assert.equal(await cache.recall('schema-7', z.string()), undefined)
})

test('a write leaves one whole file, and the start removes what a dead process left', async (t) => {
  const { cache, openAt, folder } = await open(t)
  await Promise.all([cache.keep('schema-7', 'one'), cache.keep('schema-7', 'two')])
  assert.deepEqual(await readdir(folder), ['schema-7.json'])
  const fresh = join(folder, 'a.1.tmp')
  const old = join(folder, 'a.2.tmp')
  for (const path of [fresh, old]) await writeFile(path, '{')
  await utimes(old, 0, 0)
  await openAt(REGISTRY)
  assert.deepEqual(await readdir(folder), ['a.1.tmp', 'schema-7.json'])
})

test('a folder that cannot be written is a wrong configuration', async (t) => {
  const { file } = await open(t)
  await writeFile(file, '')
  const events = { used: () => undefined, problem: () => undefined }
  const opening = RegistryCache.open({ directory: file, registryUrls: REGISTRY, events })
  await assert.rejects(opening, {
    code: 'CONFIG_INVALID',
    message: /^SCHEMA_CACHE_DIR must be a folder that can be written: /,
  })
})

test('a folder that is taken away while the service runs is told, never fatal', async (t) => {
  const { cache, folder, problems } = await open(t)
  await rm(folder, { recursive: true })
  assert.equal(await cache.askOrRecall(answering('one'), TEXT), 'one')
  assert.match(problems[0] ?? '', /cannot be written: ENOENT/)
})
