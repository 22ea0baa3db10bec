/**
 * Everything that can be checked without running the service: see `--help`.
 */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const HELP = `Usage: node scripts/check.ts [step…]

  types    TypeScript
  page     TypeScript on the scripts of the page, which are JavaScript
  lint     oxlint, with its type-aware rules
  format   Biome
  unused   knip: files, exports and dependencies nobody uses
  tidy     layers, cycles, names, sizes, links (test/tidy)
  docs     generated documents and schemas are as their sources say

All of them unless named. What fails is shown in full. Exit status: 0 all hold; 1 one does not; 2 usage.
`
const BIN = 'node_modules/.bin'
const STEPS = {
  types: [`${BIN}/tsc`, '--noEmit'],
  page: [`${BIN}/tsc`, '--project', 'tsconfig.page.json'],
  lint: [`${BIN}/oxlint`, '--type-aware'],
  format: [`${BIN}/biome`, 'format', '.'],
  unused: [`${BIN}/knip`, '--no-progress'],
  tidy: [process.execPath, '--test', 'test/tidy/*.test.ts'],
  docs: [process.execPath, 'scripts/generate.ts', '--check'],
} as const satisfies Record<string, readonly string[]>
type Step = keyof typeof STEPS

process.exitCode = await main(process.argv.slice(2))

async function main(asked: readonly string[]): Promise<number> {
  const names = Object.keys(STEPS) as Step[]
  const steps = names.filter((name) => asked.length === 0 || asked.includes(name))
  const isKnown = asked.every((name) => names.some((known) => known === name))
  if (!isKnown) {
    process.stdout.write(HELP)
    return asked.includes('--help') ? 0 : 2
  }
  const results = await Promise.all(steps.map(run))
  return results.every(Boolean) ? 0 : 1
}

function run(step: Step): Promise<boolean> {
  const startedAt = performance.now()
  const [command, ...args] = STEPS[step]
  return new Promise((done, reject) => {
    // The tools are Node programs of their own first line: they must find this Node.
    const PATH = `${resolve(process.execPath, '..')}:${process.env['PATH'] ?? ''}`
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, PATH } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', (status) => {
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
      const verdict = status === 0 ? 'holds' : 'FAILS'
      process.stdout.write(`${step.padEnd(8)} ${verdict}  ${seconds.padStart(5)} s\n`)
      if (status !== 0) process.stdout.write(`${output.trimEnd()}\n\n`)
      done(status === 0)
    })
  })
}
