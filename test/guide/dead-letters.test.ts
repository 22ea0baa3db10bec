import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { answersOf, assertOnce, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { missingLines, stepsOf } from './guide.ts'
import type { Step } from './guide.ts'
import { installCommands } from './reader-commands.ts'
import { GuideShell, settingsOf } from './shell.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PARTITIONS = 3

test('a sample that a command does not print is found', () => {
  const printed = 'REASON  LETTERS\nx       12       ████\n0 % of 12 letters would pass\n'
  assert.deepEqual(missingLines(['x  7  █', '0 % of 9 letters would pass'], printed), [])
  assert.deepEqual(missingLines(['y  7  █'], printed), ['y  7  █'])
  const wrongShare = '100 % of 12 letters would pass'
  assert.deepEqual(missingLines([wrongShare], printed), [wrongShare])
  const measured = 'psi 0.0078, 0.15 % unseen; reference ba3af0758888'
  const again = 'psi 0.1, 12.50 % unseen; reference 0123456789ab\n'
  assert.deepEqual(missingLines([measured], again), [])
})

test('the guide to dead letters, word for word', { timeout: 170_000 }, async (t) => {
  const walk = await Walk.begin(t)
  const steps = stepsOf('docs/guides/dead-letters.md')
  assert.ok(steps.length > 20, 'the guide is read')
  for (const step of steps) await walk.take(step)
  assert.equal(walk.checks, 3, 'the breaker tripped, all was answered once, the queue was watched')
})

/** Walks through the guide: its reader, the writers of its events, and the judge of what comes out. */
class Walk {
  checks = 0
  readonly #t: TestContext
  readonly #bed: Bed
  readonly #folder: string
  readonly #shell: GuideShell
  #next: string | undefined
  /** What the guide calls the input topic. */
  #topic = ''
  #status = 0
  #service: ServiceProcess | undefined
  readonly #users: string[] = []
  readonly #encoders = new Map<string, (value: object) => Buffer>()

  static async begin(t: TestContext): Promise<Walk> {
    const bed = await createBed({ partitions: PARTITIONS })
    const folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'))
    t.after(() => rm(folder, { recursive: true }))
    await cp(join(ROOT, 'models/engagement'), join(folder, 'models/engagement'), {
      recursive: true,
    })
    await installCommands(folder)
    return new Walk(t, bed, folder)
  }

  private constructor(t: TestContext, bed: Bed, folder: string) {
    this.#t = t
    this.#bed = bed
    this.#folder = folder
    const PATH = `${join(folder, 'bin')}:${process.env['PATH']}`
    this.#shell = new GuideShell(folder, { ...this.#env(), PATH })
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'act') return this.#act(step.words)
    assert.equal(step.kind, 'commands')
    const next = this.#next
    this.#next = undefined
    // Addresses and names of a guide are not those of the test, which has its own environment.
    if (next === 'given') return this.#note(step.text)
    if (next === 'service') return this.#serve(step.text)
    if (next === 'watch') return this.#watch(step)
    const printed = await this.#run(step.text)
    assert.deepEqual(missingLines(step.prints, printed), [], `${step.text}printed:\n${printed}`)
  }

  #note(given: string): void {
    this.#topic = / INPUT_TOPIC=(\S+)/.exec(given)?.[1] ?? ''
    assert.notEqual(this.#topic, '')
  }

  async #act([verb, ...words]: readonly string[]): Promise<void> {
    switch (verb) {
      case 'given':
      case 'service':
      case 'watch':
        this.#next = verb
        return
      case 'exit':
        this.#status = Number(words[0])
        return
      case 'events':
        return this.#write(words[0] ?? '', Number(words[1]))
      case 'tripped':
        await this.#service?.logged('BREAKER_TRIPPED')
        this.checks += 1
        return
      case 'caught':
        return this.#caughtUp()
      case 'answered':
        return this.#answeredOnce()
      default:
        assert.fail(`the guide asks for "${verb}"`)
    }
  }

  /** A service in place of the one before. */
  async #serve(command: string): Promise<void> {
    await this.#service?.stop()
    this.#service = new ServiceProcess(
      this.#t,
      { ...this.#env(), ...settingsOf(command) },
      this.#folder,
    )
    await this.#service.logged('STARTED')
  }

  /** What the watch serves is what the guide says that it prints. */
  async #watch({ text, prints }: Extract<Step, { kind: 'commands' }>): Promise<void> {
    assert.equal(text, 'millrace dlq watch\n')
    const env = { ...this.#env(), MODEL_DIR: 'models/engagement-2' }
    const program = join(this.#folder, 'bin/millrace')
    const watch = new ServiceProcess(this.#t, env, this.#folder, [program, 'dlq', 'watch'])
    await watch.logged('QUEUE_READ')
    const answer = await fetch(`${await watch.url()}/metrics`)
    const served = (await answer.text()).replaceAll(this.#bed.env['APP_ID'] ?? '', 'engagement')
    assert.deepEqual(missingLines(prints, served), [], served)
    await watch.stop()
    this.checks += 1
  }

  async #run(commands: string): Promise<string> {
    const { status, printed } = await this.#shell.run(commands)
    assert.equal(status, this.#status, `${commands}ended with ${String(status)}:\n${printed}`)
    this.#status = 0
    return printed.replaceAll(this.#bed.topics.input, this.#topic)
  }

  /** Events of new users; returns once they are answered, as far as they are before the breaker trips. */
  async #write(kind: string, count: number): Promise<void> {
    const encode = this.#encoders.get(kind) ?? (await this.#encoder(kind))
    this.#encoders.set(kind, encode)
    const users = Array.from({ length: count }, (_, index) => `user-${this.#users.length + index}`)
    await this.#bed.write(
      users.map((user, index) => ({
        partition: index % PARTITIONS,
        key: user,
        value: encode({ user_id: user, action: 'click', value: index }),
      })),
    )
    this.#users.push(...users)
    // The last events of the guide trip the breaker: they are not answered yet.
    if (this.#users.length <= 300) await this.#caughtUp()
  }

  async #encoder(kind: string): Promise<(value: object) => Buffer> {
    const text = await readFile(join(ROOT, 'schemas/engagement/event.avsc'), 'utf8')
    const schema: { fields: { name: string }[] } = JSON.parse(text)
    const fields = schema.fields.filter(({ name }) => kind === 'good' || name !== 'action')
    const written = { ...schema, fields }
    const id = await register(this.#bed.registryUrl, this.#bed.topics.input, written)
    return wireEncoder(id, written)
  }

  async #caughtUp(): Promise<void> {
    assert.ok(this.#service !== undefined)
    const ends = new Map<number, number>()
    for (const { partition, offset } of await this.#bed.read('input'))
      ends.set(partition, offset + 1)
    await whenCommitted(this.#service, ends)
  }

  async #answeredOnce(): Promise<void> {
    const answers = await answersOf(this.#bed)
    const input = await this.#bed.read('input')
    assertOnce(answers, input.length)
    // Of the events that trip the breaker none may have been committed; the hundred before them were.
    assert.ok(input.length >= this.#users.length + 100, 'letters were brought back')
    const predicted = (await this.#bed.read('predictions')).map(({ key }) => String(key))
    assert.deepEqual(predicted.toSorted(), this.#users.toSorted(), 'a prediction for each event')
    this.checks += 1
  }

  #env(): Readonly<Record<string, string>> {
    const { MODEL_DIR: _, ...env } = this.#bed.env
    return env
  }
}
