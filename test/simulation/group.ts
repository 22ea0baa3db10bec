import type { Rebalance } from '../../src/source/port.ts'
import type { Caller, World } from './world.ts'

const SESSION_TIMEOUT_MS = 10_000
const TICK_MS = 250
/** As `max.poll.interval.ms`: a member that does not poll for longer is taken for dead. */
const POLL_MAX_MS = 300_000
/** The offset of a partition that waits for `seek`. */
export const STANDS_STILL = -1

/** One process in the group. */
export interface Member {
  readonly caller: Caller
  /** Hands a rebalance to the client, which stands still until it is answered. */
  readonly announce: (rebalance: Rebalance) => void
  /** Partitions were taken or given back: the client forgets or learns them. */
  readonly assigned: Map<number, number>
  isPending: boolean
  /** Until when its client has not joined anew. */
  absentUntilMs: number
  /** Last poll, or what else shows that its loop goes on. */
  polledAtMs: number
  /** Grows with every rebalance told. */
  rebalances: number
}

/** The group coordinator: cooperative assignment, static membership. */
export class Group {
  readonly #world: World
  readonly #owners: (Member | undefined)[]
  readonly #partitions: readonly number[]
  readonly #members = new Map<string, Member>()
  /** The members by name. */
  #live: readonly Member[] = []
  /** How often each partition has been passed on to the next member. */
  readonly #turns: number[]
  #rebalances = 0
  isClosed = false

  constructor(world: World, partitions: number) {
    this.#world = world
    this.#owners = Array.from({ length: partitions }, () => undefined)
    this.#partitions = this.#owners.map((_, partition) => partition)
    this.#turns = this.#owners.map(() => 0)
    void this.#watch()
  }

  /** A member of this name: an older one's partitions come to it at once. */
  join(member: Member): void {
    this.leave(member.caller.name)
    this.#members.set(member.caller.name, member)
    this.#sort()
    this.#reconcile()
  }

  leave(name: string): void {
    const member = this.#members.get(name)
    this.#members.delete(name)
    this.#sort()
    if (member !== undefined) this.#free(member)
    this.#reconcile()
  }

  owns(member: Member, partition: number): boolean {
    return this.#owners[partition] === member
  }

  /** One partition goes to the next member, which asks its owner to give it back. */
  rebalance(): void {
    this.#passOn(this.#world.random.whole(0, this.#owners.length - 1))
    this.#reconcile()
  }

  /** Some of the member's partitions, or all, go to somebody else, before it knows. */
  takeFrom(member: Member): void {
    if (!member.isPending) this.#lose(member, this.#world.random.chance(0.5))
    this.#reconcile()
  }

  /** The member's client has been fenced, by its own doing: all is lost, and another joins in its place. */
  replaceClient(member: Member, absentMs: number): void {
    if (member.isPending) return
    member.absentUntilMs = this.#world.clock.now() + absentMs
    this.#lose(member)
  }

  async #watch(): Promise<void> {
    const silentSince = new Map<Member, number>()
    while (!this.isClosed) {
      await this.#world.clock.sleep(TICK_MS)
      const nowMs = this.#world.clock.now()
      for (const member of this.#members.values()) {
        const { isDead, frozenUntilMs } = member.caller
        if (!isDead && nowMs - member.polledAtMs > POLL_MAX_MS) {
          this.#world.fail(`${member.caller.name} has not polled for ${POLL_MAX_MS} ms`)
        }
        const isSilent = isDead || frozenUntilMs > nowMs || this.#world.isAway(member.caller)
        const since = isSilent ? (silentSince.get(member) ?? nowMs) : nowMs
        silentSince.set(member, since)
        const isOver = nowMs - since > SESSION_TIMEOUT_MS
        if (!member.isPending && (isOver || this.#world.fault('lost'))) this.#lose(member)
      }
      this.#world.mayCutOff([...this.#members.values()].map(({ caller }) => caller))
      if (this.#world.fault('rebalance')) this.rebalance()
      this.#reconcile()
    }
  }

  /** Its partitions, or only some of them, are somebody else's before it knows. */
  #lose(member: Member, isPart = false): void {
    const { random } = this.#world
    const owned = this.#ownedBy(member)
    const lost = isPart ? owned.slice(0, random.whole(1, owned.length)) : owned
    if (lost.length === 0) return
    for (const partition of lost) {
      this.#owners[partition] = undefined
      this.#passOn(partition)
    }
    this.#world.note(`${member.caller.name} loses ${lost.join(',')}`)
    this.#world.reach('assignment-lost')
    this.#announceRelease(member, 'lost', lost)
  }

  #free(member: Member): void {
    for (const partition of this.#ownedBy(member)) this.#owners[partition] = undefined
  }

  #ownedBy(member: Member): number[] {
    return this.#owners.flatMap((owner, partition) => (owner === member ? [partition] : []))
  }

  #passOn(partition: number): void {
    this.#turns[partition] = (this.#turns[partition] ?? 0) + 1
  }

  #sort(): void {
    this.#live = [...this.#members.values()].toSorted((a, b) =>
      a.caller.name < b.caller.name ? -1 : 1,
    )
  }

  #reconcile(): void {
    const live = this.#live
    if (live.length === 0) return
    const target = (partition: number): Member | undefined =>
      live[(partition + (this.#turns[partition] ?? 0)) % live.length]
    const partitions = this.#partitions
    const isHeard = (member: Member): boolean =>
      !member.isPending && !this.#world.isAway(member.caller)
    for (const member of live) {
      if (!isHeard(member)) continue
      const going = partitions.filter((p) => this.owns(member, p) && target(p) !== member)
      if (going.length > 0) this.#announceRelease(member, 'revoked', going)
    }
    for (const member of live) {
      if (!isHeard(member) || member.absentUntilMs > this.#world.clock.now()) continue
      const coming = partitions.filter(
        (p) => this.#owners[p] === undefined && target(p) === member && !member.assigned.has(p),
      )
      if (coming.length > 0) this.#announceAssignment(member, coming)
    }
  }

  #announceAssignment(member: Member, partitions: readonly number[]): void {
    for (const partition of partitions) this.#owners[partition] = member
    member.isPending = true
    member.rebalances += 1
    this.#world.note(`${member.caller.name} gets ${partitions.join(',')}`)
    member.announce({
      kind: 'assigned',
      number: ++this.#rebalances,
      partitions,
      answer: () => {
        member.isPending = false
        for (const partition of partitions) member.assigned.set(partition, STANDS_STILL)
        this.#reconcile()
      },
    })
  }

  #announceRelease(member: Member, kind: 'revoked' | 'lost', partitions: readonly number[]): void {
    member.isPending = true
    member.rebalances += 1
    this.#world.reach(kind)
    member.announce({
      kind,
      number: ++this.#rebalances,
      partitions,
      answer: () => {
        member.isPending = false
        for (const partition of partitions) {
          member.assigned.delete(partition)
          if (this.#owners[partition] === member) this.#owners[partition] = undefined
        }
        this.#reconcile()
      },
    })
  }
}
