import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** A copy of the engagement model that takes events without an `action`. */
export async function lenientModel(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-model-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp('models/engagement', folder, { recursive: true })
  const spec = join(folder, 'model.yaml')
  const text = await readFile(spec, 'utf8')
  await writeFile(spec, text.replace('action: string', 'action: {type: string, optional: true}'))
  return folder
}
