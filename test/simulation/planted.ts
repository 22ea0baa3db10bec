/** A bug of one line, for the simulation to find. */
export interface PlantedBug {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Each is a mistake somebody could make, and some of them have been made. */
export const PLANTED: readonly PlantedBug[] = [
  {
    name: 'the offset committed is that of the last record, not of the next',
    file: 'src/loop/offsets.ts',
    from: '    offset: position,\n',
    to: '    offset: position - 1,\n',
  },
  {
    name: 'state is kept on an abort',
    file: 'src/loop/settlement.ts',
    from: '    engine.discard()\n',
    to: '    engine.accept()\n',
  },
  {
    name: 'a commit without an answer is taken for an abort',
    file: 'src/loop/recover.ts',
    from: "return moved.every(isAfter) ? 'committed' : 'restored'",
    to: "return 'aborted'",
  },
  {
    name: 'a commit without an answer is taken for a commit',
    file: 'src/loop/recover.ts',
    from: "if (moved.every(isBefore)) return 'aborted'",
    to: "if (moved.length > 0) return 'committed'",
  },
  {
    name: 'an abort forgets what was read ahead of other partitions',
    file: 'src/loop/partitions.ts',
    from: 'entry.position > entry.unitStart || dropped.has(entry.partition)',
    to: 'entry.position > entry.unitStart',
  },
  {
    name: 'state is not rebuilt when the changelog is of no use',
    file: 'src/loop/locate.ts',
    from: '    start: from,\n',
    to: '    start: committed,\n',
  },
  {
    name: 'a changelog counts as whole while tiles that are read back are written to it',
    file: 'src/loop/settlement.ts',
    from: 'unit.commit([...advanced, ...readBack])',
    to: 'unit.commit(advanced)',
  },
  {
    name: 'a restore stops one transaction early',
    file: 'src/loop/restore.ts',
    from: '>= restoring.until) this.#finishOne',
    to: '>= restoring.until - 3) this.#finishOne',
  },
  {
    name: 'what was asked for an older assignment counts for a newer one',
    file: 'src/loop/restore.ts',
    from: '    if (this.#wanted.get(partition) !== request) return\n',
    to: '',
  },
  {
    name: 'the unit’s changes do not go into its transaction',
    file: 'src/loop/settlement.ts',
    from: '    await processor.writeChanges()\n',
    to: '',
  },
  {
    name: 'records held from before a failed settlement of a revoke are processed',
    file: 'src/loop/loop.ts',
    from: 'return only(held, (partition) => isOwned(partition) && !isAgain.has(partition))',
    to: 'return only(held, (partition) => isOwned(partition))',
  },
  {
    name: 'state is not rebuilt after a foreign commit',
    file: 'src/loop/settlement.ts',
    from: "if (recovery === 'aborted') return this.#readAgain(taken)",
    to: 'return this.#readAgain(taken)',
  },
  {
    name: 'a flood of dead letters is committed',
    file: 'src/loop/settlement.ts',
    from: '    gate.check(tally.summary(clock.now()))\n',
    to: '',
  },
  {
    name: 'records that retention took are passed over without a word',
    file: 'src/loop/locate.ts',
    from: 'committed < bounds.first ? overtaken(known, committed) : undefined',
    to: 'undefined',
  },
  {
    name: 'a unit takes up whatever it reads back',
    file: 'src/loop/loop.ts',
    from: 'const isFull = this.#unitRecords >= bounds.recordsMax',
    to: 'const isFull = this.#parts.tally.records >= bounds.recordsMax',
  },
  {
    name: 'records pile up while a flood is waited out',
    file: 'src/loop/flood-gate.ts',
    from: '      source.hold()\n',
    to: '',
  },
  {
    name: 'an instance that waits for its brokers does not poll',
    file: 'src/loop/insist.ts',
    from: '      await fetcher.keepAlive()\n',
    to: '',
  },
  {
    name: 'a commit that is refused for too long is taken for none',
    file: 'src/loop/unit-of-work.ts',
    from: "() => this.#producer.commitTransaction(), 'COMMIT_UNCERTAIN')",
    to: '() => this.#producer.commitTransaction())',
  },
  {
    name: 'a seek after a unit was taken back is tried once',
    file: 'src/loop/loop.ts',
    from: 'await this.#seek(await this.#settlement.mend(error))',
    to: 'await this.#parts.source.seek(await this.#settlement.mend(error))',
  },
  {
    name: 'state that another specification wrote is read as if it were ours',
    file: 'src/loop/locate.ts',
    from: '  if (metadata !== undefined && isOfOther(known, metadata)) return rebuild(known, metadata)\n',
    to: '',
  },
  {
    name: 'an instance that waits polls beside the poll in flight',
    file: 'src/loop/fetcher.ts',
    from: '    await this.#ahead?.catch(() => undefined)\n    const more',
    to: '    const more',
  },
]
