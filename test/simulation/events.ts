import type { LoopEvents } from '../../src/loop/events.ts'
import type { Cluster } from './instance.ts'
import type { Caller, World } from './world.ts'

const REPLAY_CRASH_SHARE = 0.7
/** About as long as the longest replay takes. */
const REPLAY_MAX_MS = 500

/** What an instance says of itself: noted, counted, and held against what the broker knows. */
export function eventsOf({ world, broker, operator }: Cluster, caller: Caller): LoopEvents {
  const { name } = caller
  const say = (line: string): void => world.note(`${name} ${line}`)
  return {
    assigned: (number) => say(`assigned ${number}`),
    released: ({ kind, number }) => say(`${kind} ${number}`),
    located: (location) => {
      const { partition, start, replayUntil, gap } = location
      if (start < replayUntil) {
        world.reach('replay')
        if (operator.settings.onMismatch === 'rebuild') world.reach('state-rebuilt')
        if (world.fault('replay-crash', REPLAY_CRASH_SHARE)) void crashSoon(world, caller)
      }
      broker.watch.located(name, location)
      say(`located ${partition} ${start} ${replayUntil}${gap === undefined ? '' : `, ${gap}`}`)
    },
    restoring: (partition, offsets) => {
      if (offsets > 0) world.reach('restore')
      say(`restoring ${partition}, ${offsets} offsets`)
    },
    restoreGoesOn: (progress) => say(`restoring ${progress.length} partitions`),
    restored: ({ partition, tiles }) => say(`restored ${partition}, ${tiles} tiles`),
    changelogUnusable: (partition, problem) => {
      world.reach('changelog-unusable')
      // The input log makes up for it, so nothing else would tell.
      if (broker.states[partition]?.isIncomplete !== true) world.fail(`${partition}: ${problem}`)
      say(`${partition}: ${problem}`)
    },
    fenced: (owner) => {
      world.reach('former-owner-fenced')
      say(`fenced ${owner}`)
    },
    notFenced: (why) => {
      world.reach('former-owner-not-fenced')
      say(`not fenced: ${why}`)
    },
    committed: () => undefined,
    aborted: (cause) => {
      world.reach('aborted')
      say(`aborted: ${cause}`)
    },
    recovering: (error) => {
      world.reach(`recovering-${error.code}`)
      if (error.message.includes('others wait')) world.reach('drain-over')
      else if (error.message.includes('the unit of work is open for')) world.reach('commit-overdue')
      say(`recovering ${error.code}`)
    },
    recovered: (result) => {
      world.reach(`recovered-${result}`)
      say(`recovered ${result}`)
    },
    registryUnavailable: () => say('registry away'),
    registryBack: () => {
      world.reach('registry-back')
      say('registry back')
    },
    breakerTripped: (why) => {
      operator.tripped()
      say(`tripped: ${why}`)
    },
    breakerClosed: () => {
      operator.breakerClosed()
      say('breaker closed')
    },
    retrying: (error) => {
      world.reach(`retrying-${error.code}`)
      say(`retrying ${error.message}`)
    },
  }
}

/** Amid what is read back, and after some of it has been committed, as chance has it. */
async function crashSoon(world: World, caller: Caller): Promise<void> {
  await world.clock.sleep(world.random.whole(0, REPLAY_MAX_MS))
  if (!caller.isDead) world.crash(caller)
}
