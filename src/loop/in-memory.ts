/** What a loop keeps in memory beside state and positions; settings and the number of partitions bound each. */
export interface InMemory {
  /** Records that the open unit has taken up, those that it reads back included. */
  readonly records: number
  /** Changes of the open unit, so that it can be taken back. */
  readonly changes: number
  /** Records polled and not decoded. */
  readonly undecoded: number
  /** Partitions that stand still for want of a schema. */
  readonly blocked: number
  /** Records of the open unit that the client has not taken. */
  readonly unsent: number
  /** Partitions between their assignment and their start. */
  readonly restores: number
  /** Decisions of the group that wait for their answer. */
  readonly rebalances: number
}
