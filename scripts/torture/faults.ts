import { setTimeout as sleep } from 'node:timers/promises'
import type { Testbed } from '../testbed/testbed.ts'
import type { Fleet } from './fleet.ts'
import type { Instance } from './instance.ts'
import { END_TXN, TXN_OFFSET_COMMIT } from './plan.ts'
import type { Fault } from './plan.ts'
import type { BreakingProxy } from './proxy.ts'

const TARGET_WAIT_MS = 20_000
/** By then something has been committed, unless nothing is left to be. */
const FIRED_WAIT_MS = 10_000
const POLL_MS = 20
const DELAY_MS = { least: 10, more: 150 } as const

/** What faults are done to. */
export interface Victims {
  readonly fleet: Fleet
  readonly testbed: Testbed
  readonly proxy: BreakingProxy
  /** Of the service; with an instance's name behind it, the beginning of a transactional id. */
  readonly appId: string
  /** Told the moment a fault happens. */
  readonly onFault: (what: string) => void
}

/** Carries out faults, one after the other; some go on while the next ones come. */
export class Faults {
  readonly #victims: Victims
  readonly #lasting: Promise<void>[] = []

  constructor(victims: Victims) {
    this.#victims = victims
  }

  /** Until the last one is over. @throws Error when there is nothing left to hit */
  async run(faults: readonly Fault[], signal: AbortSignal): Promise<void> {
    try {
      for (const fault of faults) {
        if (signal.aborted) break
        await sleep(fault.afterMs)
        await this.#do(fault)
      }
      await this.#fired(signal)
    } finally {
      // What is armed would hit whoever stops; and a lost answer may have begun one more fault.
      this.#victims.proxy.disarm()
      while (this.#lasting.length > 0) await Promise.all(this.#lasting.splice(0))
    }
  }

  async #do(fault: Fault): Promise<void> {
    const { proxy, testbed, onFault } = this.#victims
    const { kind, lastsMs, target } = fault
    switch (kind) {
      case 'kill':
        return this.#kill(await this.#target(target), fault)
      case 'zombie':
        return this.#freeze(await this.#target(target), lastsMs)
      case 'swallow-end-txn':
      case 'swallow-txn-offsets': {
        const apiKey = kind === 'swallow-end-txn' ? END_TXN : TXN_OFFSET_COMMIT
        proxy.swallowNext({ apiKey, cutAfterMs: lastsMs, onSwallowed: () => onFault(kind) })
        return
      }
      case 'swallow-and-kill':
        return this.#swallowAndKill(fault)
      case 'cut':
        onFault(kind)
        proxy.cutAll()
        return
      case 'delay':
        onFault(kind)
        proxy.delay(DELAY_MS.least + Math.round(target * DELAY_MS.more))
        return this.#later(lastsMs, () => proxy.delay(0))
      case 'broker-restart':
      case 'broker-kill':
        onFault(kind)
        await testbed.broker().stop(kind === 'broker-kill' ? 'SIGKILL' : 'SIGTERM')
        await sleep(lastsMs)
        return testbed.broker().start()
      case 'registry-down':
        onFault(kind)
        // Stopped for good it would forget its schemas.
        testbed.registry().signal('SIGSTOP')
        return this.#later(lastsMs, () => testbed.registry().signal('SIGCONT'))
      case 'add':
      case 'remove':
        return this.#scale(kind, target)
    }
  }

  async #kill(instance: Instance, { kind, lastsMs }: Fault): Promise<void> {
    this.#victims.onFault(kind)
    await instance.kill()
    await sleep(lastsMs)
    instance.start()
  }

  #freeze(instance: Instance, lastsMs: number): void {
    const { fleet, onFault } = this.#victims
    // Nobody notices a zombie whose partitions nobody takes.
    if (fleet.working < 2 && fleet.add()) onFault('add')
    onFault('zombie')
    instance.freeze()
    this.#later(lastsMs, () => instance.thaw())
  }

  /** Kills whoever loses the answer: what was committed, only the broker knows. */
  #swallowAndKill(fault: Fault): void {
    const { proxy, fleet, appId } = this.#victims
    const onSwallowed = (request: Buffer): void => {
      const id = new RegExp(`${appId}-([a-z])`).exec(request.toString('latin1'))?.[1]
      const instance = fleet.byId(id ?? '')
      if (instance?.canBeHit === true) this.#lasting.push(this.#kill(instance, fault))
      // Whoever it was is on its way out already.
      else this.#swallowAndKill(fault)
    }
    proxy.swallowNext({ apiKey: END_TXN, cutAfterMs: fault.lastsMs, onSwallowed })
  }

  /** The other one of the two where the asked one cannot be; waits while neither can. */
  async #scale(kind: 'add' | 'remove', target: number): Promise<void> {
    const { fleet, onFault } = this.#victims
    const deadline = performance.now() + TARGET_WAIT_MS
    while (performance.now() < deadline) {
      if (kind === 'add' && fleet.add()) return onFault(kind)
      if (await fleet.remove(target)) return onFault('remove')
      if (fleet.add()) return onFault('add')
      await sleep(POLL_MS)
    }
  }

  /** What is armed happens with the next commits. */
  async #fired(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + FIRED_WAIT_MS
    while (this.#victims.proxy.armed > 0 && !signal.aborted && performance.now() < deadline) {
      await sleep(POLL_MS)
    }
  }

  #later(afterMs: number, undo: () => void): void {
    this.#lasting.push(sleep(afterMs).then(undo))
  }

  /** An instance that can be hit; waits while all are down or frozen. */
  async #target(target: number): Promise<Instance> {
    const deadline = performance.now() + TARGET_WAIT_MS
    for (;;) {
      const instance = this.#victims.fleet.pick(target)
      if (instance !== undefined) return instance
      if (performance.now() > deadline) throw new Error('no instance runs that could be hit')
      await sleep(POLL_MS)
    }
  }
}
