import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../../../src/config/schema.ts'
import { EXIT } from '../../../src/domain/errors.ts'
import { EXIT_STATUSES } from '../../../src/tools/exit-statuses.ts'
import { helpText } from '../../../src/tools/help.ts'

test('the help names the version, the commands and where to read on', () => {
  const help = helpText('1.2.3')
  assert.match(help, /^millrace 1\.2\.3: /)
  for (const part of ['millrace [run]', 'millrace config', '--version', 'docs/configuration.md']) {
    assert.ok(help.includes(part), part)
  }
})

test('every variable the help names exists, and every required one is named', () => {
  const help = helpText('1.2.3')
  const names = VARIABLES.map(({ name }) => name)
  const named = [...help.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => name)
  assert.deepEqual(
    named.filter((name) => !names.includes(name)),
    [],
  )
  for (const { name, required } of VARIABLES) {
    if (required === true) assert.ok(named.includes(name), name)
  }
})

test('lines of the help fit a terminal of 100 columns', () => {
  for (const line of helpText('1.2.3').split('\n')) assert.ok(line.length <= 100, line)
})

test('every exit status is told once, in order', () => {
  const statuses = EXIT_STATUSES.map(({ status }) => status)
  assert.deepEqual(statuses, Object.values(EXIT))
  for (const { status, meaning } of EXIT_STATUSES) {
    assert.ok(helpText('1.2.3').includes(`  ${status}  ${meaning}`))
  }
})
