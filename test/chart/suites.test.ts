import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { unittest } from '../harness/chart.ts'

const CHART = resolve(import.meta.dirname, '../../helm/millrace')

test('the suites of the chart hold', () => {
  const { isOk, text } = unittest()
  assert.ok(isOk, text)
  const [, passed = '0'] = /^Tests: +(\d+) passed/m.exec(text) ?? []
  assert.ok(Number(passed) > 70, text)
  process.stdout.write(`# ${/^Test Suites:.*$/m.exec(text)?.[0]}; ${passed} tests\n`)
})

test('every template of the chart has a suite', () => {
  // The plugin leaves an empty folder for snapshots, which none here has.
  const suiteFiles = readdirSync(join(CHART, 'tests')).filter((name) => name.endsWith('_test.yaml'))
  const tested = new Set(
    suiteFiles.flatMap((name) => {
      const suite: { templates: string[] } = parse(readFileSync(join(CHART, 'tests', name), 'utf8'))
      return suite.templates
    }),
  )
  const templates = readdirSync(join(CHART, 'templates'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[^_]/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name).slice(CHART.length + 1))
  assert.ok(templates.length >= 14)
  for (const template of templates) assert.ok(tested.has(template), template)
})
