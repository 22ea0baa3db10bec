import { join } from 'node:path'
import { Instance } from './instance.ts'

const IDS = ['a', 'b', 'c']
/** Started at first; the rest is added and removed. */
const FIRST = 2
/** Well beyond the service's own grace of 10 s, after which it must end whatever is in flight. */
const STOP_WAIT_MS = 30_000

/** The instances of a run. */
export class Fleet {
  readonly #instances: readonly Instance[]
  readonly #ownEnds = new Map<string, number>()
  readonly #stops = new Map<string, number>()

  constructor(env: Readonly<Record<string, string>>, logFolder: string) {
    this.#instances = IDS.map(
      (id) =>
        new Instance({
          id,
          env,
          logFile: join(logFolder, `instance-${id}.log`),
          onOwnEnd: (status, cause) => count(this.#ownEnds, `${id} status ${status}, ${cause}`),
        }),
    )
  }

  /** Ends nobody asked for, by instance, status and cause. */
  get ownEnds(): ReadonlyMap<string, number> {
    return this.#ownEnds
  }

  /** Stops that were asked for, by status. */
  get stops(): ReadonlyMap<string, number> {
    return this.#stops
  }

  start(): void {
    for (const instance of this.#instances.slice(0, FIRST)) instance.start()
  }

  /** One of those a fault can hit now. */
  pick(target: number): Instance | undefined {
    const hittable = this.#instances.filter(({ canBeHit }) => canBeHit)
    return hittable[Math.floor(target * hittable.length)]
  }

  /** How many a fault can hit now. */
  get working(): number {
    return this.#instances.filter(({ canBeHit }) => canBeHit).length
  }

  byId(id: string): Instance | undefined {
    return this.#instances.find((instance) => instance.id === id)
  }

  /** Starts one that does not run. @returns false when all do */
  add(): boolean {
    const spare = this.#instances.find(({ isWanted, isRunning }) => !isWanted && !isRunning)
    spare?.start()
    return spare !== undefined
  }

  /** Ends one in good order, unless it would be the last that works. @returns false then */
  async remove(target: number): Promise<boolean> {
    const chosen = this.working < 2 ? undefined : this.pick(target)
    if (chosen === undefined) return false
    await this.#stop(chosen)
    return true
  }

  /** Ends all in good order. */
  async stop(): Promise<void> {
    const wanted = this.#instances.filter(({ isWanted }) => isWanted)
    await Promise.all(wanted.map((instance) => this.#stop(instance)))
  }

  async kill(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.kill()))
  }

  async #stop(instance: Instance): Promise<void> {
    count(this.#stops, `status ${await instance.stop(STOP_WAIT_MS)}`)
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}
