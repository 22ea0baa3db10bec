import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { pythonWith } from '../../scripts/train/python.ts'
import { testbedAddresses } from '../harness/bed.ts'
import { readCommitted } from '../harness/kafka.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { missingLines, stepsOf } from './guide.ts'
import type { Step } from './guide.ts'
import { installCommands } from './reader-commands.ts'
import { GuideShell, settingsOf } from './shell.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const REQUIREMENTS = join(ROOT, 'scripts/train/requirements.txt')
/** As the guide makes them. */
const PARTITIONS = 3
const INPUT = 'payments'
/** What the guide says that its commands take at most. */
const COMMANDS_MAX_SECONDS = 120
/** Where the guide has broker and service. */
const BROKER = 'localhost:9092'
const SERVICE = 'localhost:8080'

/** What the notebook says of a payment. */
interface Scored {
  readonly payment: string
  readonly features: readonly number[]
  readonly score: number
}

test('the guide from notebook to drift, word for word: features and scores are those of the notebook', async (t) => {
  const walk = await Walk.begin(t)
  const steps = stepsOf('docs/guides/bring-your-own-model.md')
  assert.ok(steps.length > 15, 'the guide is read')
  const startedAt = performance.now()
  for (const step of steps) await walk.take(step)
  const seconds = (performance.now() - startedAt) / 1_000
  t.diagnostic(`the guide's commands took ${seconds.toFixed(1)} s`)
  assert.ok(seconds < COMMANDS_MAX_SECONDS, `the guide's commands took ${seconds} s`)
  assert.ok(walk.compared > 1_000, `${walk.compared} payments were compared`)
  assert.equal(walk.judged, 2, 'a steady window and one that has drifted')
})

class Walk {
  compared = 0
  judged = 0
  readonly #t: TestContext
  readonly #brokers: string
  readonly #folder: string
  readonly #shell: GuideShell
  #next: string | undefined
  #status = 0
  #service: ServiceProcess | undefined
  #serviceHost = SERVICE

  static async begin(t: TestContext): Promise<Walk> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
    const walk = new Walk(t, folder, await installCommands(folder))
    t.after(async () => {
      // They have the guide's own names, which whoever comes next needs.
      await walk.#deleteTopics()
      await rm(folder, { recursive: true })
    })
    return walk
  }

  private constructor(t: TestContext, folder: string, bin: string) {
    this.#t = t
    this.#brokers = testbedAddresses().brokers
    this.#folder = folder
    const python = dirname(pythonWith('train-venv', REQUIREMENTS))
    this.#shell = new GuideShell(folder, {
      PATH: `${bin}:${python}:${process.env['PATH']}`,
      // The packages of the guide are among those of `make train`: pip finds them there, or fails.
      PIP_NO_INDEX: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
    })
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'file') {
      await mkdir(dirname(join(this.#folder, step.path)), { recursive: true })
      return writeFile(join(this.#folder, step.path), step.text)
    }
    if (step.kind === 'act') return this.#act(step.words)
    const isService = this.#next === 'service'
    this.#next = undefined
    if (isService) return this.#serve(step.text)
    return this.#run(step.text, step.prints)
  }

  async #act([verb, word = '']: readonly string[]): Promise<void> {
    switch (verb) {
      case 'service':
        this.#next = verb
        return
      case 'exit':
        this.#status = Number(word)
        return
      case 'caught':
        return this.#caughtUp()
      case 'compared':
        return this.#compare(word)
      default:
        assert.fail(`the guide asks for "${verb}"`)
    }
  }

  async #run(text: string, prints: readonly string[]): Promise<void> {
    const commands = text.replaceAll(BROKER, this.#brokers).replaceAll(SERVICE, this.#serviceHost)
    const { status, printed } = await this.#shell.run(commands)
    assert.equal(status, this.#status, `${text}ended with ${String(status)}:\n${printed}`)
    this.#status = 0
    assert.deepEqual(missingLines(prints, printed), [], `${text}printed:\n${printed}`)
    if (text.startsWith('millrace drift --from')) this.judged += 1
  }

  async #serve(command: string): Promise<void> {
    const env = { ...this.#shell.exported, ...settingsOf(command) }
    this.#service = new ServiceProcess(this.#t, env, this.#folder)
    const { rows } = await this.#service.logged('SELF_TEST')
    assert.equal(rows, 50)
    this.#serviceHost = new URL(await this.#service.url()).host
  }

  /** Every payment that was sent has its prediction. */
  async #caughtUp(): Promise<void> {
    const { length } = await readCommitted(this.#brokers, INPUT, PARTITIONS)
    await this.#service?.statusIs(`${length} predictions`, ({ totals }) => {
      return totals.predicted === length
    })
  }

  async #compare(file: string): Promise<void> {
    const notebook: Scored[] = JSON.parse(await readFile(join(this.#folder, file), 'utf8'))
    const audits = await this.#readJson<{
      event_id: string
      outcome: string
      features: number[]
      scores: number[]
    }>('ml-audit-log')
    assert.equal(audits.length, notebook.length)
    for (const topic of ['ml-features', 'ml-predictions']) {
      assert.equal((await this.#readJson(topic)).length, notebook.length, topic)
    }
    const served = new Map(audits.map((audit) => [audit.event_id, audit]))
    for (const { payment, features, score } of notebook) {
      const { outcome, features: own, scores: [own0 = Number.NaN] = [] } = served.get(payment) ?? {}
      assert.equal(outcome, 'predicted', payment)
      assert.deepEqual(own, features, payment)
      assert.ok(Math.abs(own0 - score) < 1e-5, `${payment}: ${own0}, in the notebook ${score}`)
      this.compared += 1
    }
  }

  async #readJson<Value>(topic: string): Promise<Value[]> {
    const records = await readCommitted(this.#brokers, topic, PARTITIONS)
    return records.map(({ value }): Value => JSON.parse(String(value)))
  }

  async #deleteTopics(): Promise<void> {
    await this.#service?.kill()
    const topics = `${INPUT}|ml-.*|fraud-state`
    const tool = `kafka-topics.sh --bootstrap-server ${this.#brokers} --delete --if-exists`
    const { status, printed } = await this.#shell.run(`${tool} --topic '${topics}'\n`)
    assert.equal(status, 0, printed)
  }
}
