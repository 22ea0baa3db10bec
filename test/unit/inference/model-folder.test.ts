import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { loadModelFolder } from '../../../src/inference/model-folder.ts'
import { modelFixture } from '../../fixtures/models.ts'

const { spec } = modelFixture('linear', [])
const FILES = { 'model.yaml': 'name: linear\n', 'linear.onnx': 'abc', 'golden.json': '{}' }

async function folderWithout(context: TestContext, missing?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace model '))
  context.after(() => rm(folder, { recursive: true }))
  for (const [file, text] of Object.entries(FILES)) {
    if (file !== missing) await writeFile(join(folder, file), text)
  }
  return folder
}

test('a folder is read with the sha256 of spec and model', async (context) => {
  const folder = await folderWithout(context)
  const parsed: string[] = []
  const loaded = await loadModelFolder(folder, (text, file) => {
    parsed.push(text, file)
    return spec
  })
  assert.deepEqual(parsed, ['name: linear\n', join(folder, 'model.yaml')])
  assert.deepEqual(loaded, {
    spec,
    specFile: join(folder, 'model.yaml'),
    specText: 'name: linear\n',
    specSha256: '9bb0dba1a80572595a128585940243d4a4b8891e36ff915b3d1e700ba25535ed',
    modelFile: join(folder, 'linear.onnx'),
    modelSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    goldenFile: join(folder, 'golden.json'),
    goldenText: '{}',
    referenceFile: join(folder, 'reference.json'),
    referenceText: undefined,
  })
})

test('a folder with a reference is read with its text', async (context) => {
  const folder = await folderWithout(context)
  await writeFile(join(folder, 'reference.json'), '{"format": 1}')
  const { referenceText } = await loadModelFolder(folder, () => spec)
  assert.equal(referenceText, '{"format": 1}')
})

for (const [file, what] of [
  ['model.yaml', 'the spec'],
  ['linear.onnx', 'the ONNX model'],
  ['golden.json', 'the golden rows'],
] as const) {
  test(`a folder without ${file} is refused by that name`, async (context) => {
    const folder = await folderWithout(context, file)
    await assert.rejects(
      loadModelFolder(folder, () => spec),
      (error: unknown) => {
        assert.ok(error instanceof Error)
        assert.ok(error.message.startsWith(`cannot read ${what} ${join(folder, file)}: ENOENT`))
        return true
      },
    )
  })
}
