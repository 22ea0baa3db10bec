import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { pythonWith } from '../../scripts/train/python.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { missingLines, stepsOf } from './guide.ts'
import type { Step } from './guide.ts'
import { GuideShell, settingsOf } from './shell.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const REQUIREMENTS = join(ROOT, 'scripts/train/requirements.txt')
const PARTITIONS = 3

/** What the notebook says of a payment. */
interface Scored {
  readonly payment: string
  readonly features: readonly number[]
  readonly score: number
}

test('the guide from notebook to service, word for word: features and scores are those of the notebook', async (t) => {
  const walk = await Walk.begin(t)
  const steps = stepsOf('docs/guides/bring-your-own-model.md')
  assert.ok(steps.length > 10, 'the guide is read')
  for (const step of steps) await walk.take(step)
  assert.ok(walk.compared > 100, `${walk.compared} payments were compared`)
})

class Walk {
  compared = 0
  readonly #t: TestContext
  readonly #bed: Bed
  readonly #folder: string
  readonly #shell: GuideShell
  #next: string | undefined
  #service: ServiceProcess | undefined

  static async begin(t: TestContext): Promise<Walk> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
    t.after(() => rm(folder, { recursive: true }))
    return new Walk(t, await createBed({ partitions: PARTITIONS, format: 'json' }), folder)
  }

  private constructor(t: TestContext, bed: Bed, folder: string) {
    this.#t = t
    this.#bed = bed
    this.#folder = folder
    // The packages of the guide are among those of `make train`.
    const python = dirname(pythonWith('train-venv', REQUIREMENTS))
    this.#shell = new GuideShell(folder, { PATH: `${python}:${process.env['PATH']}` })
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'file') {
      await mkdir(dirname(join(this.#folder, step.path)), { recursive: true })
      return writeFile(join(this.#folder, step.path), step.text)
    }
    if (step.kind === 'act') return this.#act(step.words)
    const next = this.#next
    this.#next = undefined
    // Addresses, topics and packages are the test's own.
    if (next === 'given') return undefined
    if (next === 'service') return this.#serve(step.text)
    const { status, printed } = await this.#shell.run(step.text)
    assert.equal(status, 0, `${step.text}ended with ${String(status)}:\n${printed}`)
    return assert.deepEqual(missingLines(step.prints, printed), [], printed)
  }

  async #act([verb, file = '', key = '']: readonly string[]): Promise<void> {
    switch (verb) {
      case 'given':
      case 'service':
        this.#next = verb
        return
      case 'events':
        return this.#write(file, key)
      case 'compared':
        return this.#compare(file)
      default:
        assert.fail(`the guide asks for "${verb}"`)
    }
  }

  async #serve(command: string): Promise<void> {
    // The guide's model and format, on the test's topics and group.
    const { APP_ID: _, MODEL_DIR = '', ...given } = settingsOf(command)
    const env = { ...this.#bed.env, ...given, MODEL_DIR }
    this.#service = new ServiceProcess(this.#t, env, this.#folder)
    const { rows } = await this.#service.logged('SELF_TEST')
    assert.equal(rows, 50)
    await this.#service.logged('STARTED')
  }

  async #write(file: string, keyField: string): Promise<void> {
    const text = await readFile(join(this.#folder, file), 'utf8')
    const records = text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const key = String(JSON.parse(line)[keyField])
        // The same card in the same partition, as the key would have it.
        return { partition: Number(key.slice(5)) % PARTITIONS, key, value: Buffer.from(line) }
      })
    await this.#bed.write(records)
    assert.ok(this.#service !== undefined)
    await whenCommitted(this.#service, endsOf(records))
  }

  async #compare(file: string): Promise<void> {
    const notebook: Scored[] = JSON.parse(await readFile(join(this.#folder, file), 'utf8'))
    const audits = await this.#bed.readJson<{
      event_id: string
      outcome: string
      features: number[]
      scores: number[]
    }>('audit')
    const predictions = await this.#bed.readJson<{ event_id: string }>('predictions')
    assert.equal(audits.length, notebook.length)
    assert.equal(predictions.length, notebook.length)
    const served = new Map(audits.map((audit) => [audit.event_id, audit]))
    for (const { payment, features, score } of notebook) {
      const { outcome, features: own, scores: [own0 = Number.NaN] = [] } = served.get(payment) ?? {}
      assert.equal(outcome, 'predicted', payment)
      assert.deepEqual(own, features, payment)
      assert.ok(Math.abs(own0 - score) < 1e-5, `${payment}: ${own0}, in the notebook ${score}`)
      this.compared += 1
    }
  }
}
