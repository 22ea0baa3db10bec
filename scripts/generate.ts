/** Writes the documents and schemas that come from code; with `--check`, says which are stale. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseModelSpec } from '../src/features/spec.ts'
import { generatedFiles, staleFiles } from './docs/files.ts'

const ROOT = join(import.meta.dirname, '..')

/** The declarations of the shipped models. */
function shippedModels(): ReturnType<typeof parseModelSpec>[] {
  return readdirSync(join(ROOT, 'models'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `models/${name}/model.yaml`)
    .toSorted()
    .map((path) => parseModelSpec(readFileSync(join(ROOT, path), 'utf8'), path))
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return undefined
  }
}

const stale = staleFiles(await generatedFiles(shippedModels(), read), read)
if (process.argv.includes('--check')) {
  for (const { path } of stale) console.error(`${path} is stale: run \`npm run docs\``)
  if (stale.length > 0) process.exitCode = 1
} else {
  for (const { path, content } of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), content)
    console.log(`wrote ${path}`)
  }
}
