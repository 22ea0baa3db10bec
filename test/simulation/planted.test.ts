import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { PLANTED } from './planted.ts'
import type { PlantedBug } from './planted.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SEEDS_MAX = 2_000
/** A busy machine may need ten times as long as an idle one. */
const TIMEOUT_MS = 600_000
/** Fixed: how many seeds a bug takes must not depend on luck. */
const FIRST_SEED = 1

/** A copy of the project with one line changed. */
function plant(folder: string, { file, from, to }: PlantedBug): void {
  for (const part of ['src', 'test', 'scripts']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  const text = readFileSync(join(folder, file), 'utf8')
  assert.equal(text.split(from).length, 2, `${file} must hold the line to change, once`)
  writeFileSync(join(folder, file), text.replace(from, to))
}

/** Records and faults of all runs that found a bug, before and after they were shrunk. */
const totals = { size: 0, shrunkSize: 0 }

for (const bug of PLANTED) {
  test(`it is found within ${SEEDS_MAX} seeds that ${bug.name}`, {
    timeout: TIMEOUT_MS,
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-planted-'))
    t.after(() => rmSync(folder, { recursive: true }))
    plant(folder, bug)
    const args = [join(folder, 'test/simulation/find.ts'), String(FIRST_SEED), String(SEEDS_MAX)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
    const { seed, size, shrunkSize, isFailing } = JSON.parse(stdout)
    t.diagnostic(`found after ${seed - FIRST_SEED + 1} seeds, ${size} shrunk to ${shrunkSize}`)
    assert.equal(isFailing, true, 'the shrunk run must fail as well')
    totals.size += size
    totals.shrunkSize += shrunkSize
  })
}

test('failing runs are shrunk by a quarter and more', (t) => {
  t.diagnostic(`${totals.size} records and faults shrunk to ${totals.shrunkSize}`)
  assert.ok(totals.shrunkSize < totals.size * 0.75, `${totals.size} to ${totals.shrunkSize}`)
})
