import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'

const PROMTOOL = resolve(import.meta.dirname, '../../../.millrace/bin/promtool')
const TIMEOUT_MS = 60_000

/** A test of promtool, as its documentation describes it. */
export interface RuleTest {
  readonly name: string
  readonly interval: string
  readonly input_series: readonly { readonly series: string; readonly values: string }[]
  readonly alert_rule_test?: readonly object[]
  readonly promql_expr_test?: readonly object[]
}

/** What promtool says, and whether all was well. */
export interface Verdict {
  readonly isGood: boolean
  readonly said: string
}

/** Whether the rules are ones that Prometheus takes. */
export function checkRules(rules: string): Verdict {
  return withFiles({ 'rules.yaml': rules }, ['check', 'rules', 'rules.yaml'])
}

/** Rules with the tests that they must pass. */
export interface RuleSuite {
  readonly rules: string
  readonly tests: readonly RuleTest[]
}

/** Runs the tests of every suite, each on its own rules. */
export function testRules(suites: readonly RuleSuite[]): Verdict {
  const files: Record<string, string> = {}
  suites.forEach(({ rules, tests }, at) => {
    files[`rules-${at}.yaml`] = rules
    const suite = { rule_files: [`rules-${at}.yaml`], evaluation_interval: '1m', tests }
    files[`tests-${at}.yaml`] = stringify(suite)
  })
  return withFiles(files, ['test', 'rules', ...suites.map((_, at) => `tests-${at}.yaml`)])
}

function withFiles(files: Readonly<Record<string, string>>, args: readonly string[]): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rules-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const { status, stdout, stderr, error } = spawnSync(PROMTOOL, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    })
    if (error !== undefined) throw error
    return { isGood: status === 0, said: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
