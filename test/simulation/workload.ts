import type { SimBroker } from './broker.ts'
import type { InputLog } from './input-log.ts'
import type { World } from './world.ts'

const KEYS = 4
/** Retention and replicas that lag are rare, but a run without them is without much. */
const DELETED_SHARE = 0.02
const CUT_SHARE = 0.02
const CUT_MAX_MS = 8_000
const HELD_SHARE = 0.05
const HELD_MAX_MS = 3_000
const FLOOD_SHARE = 0.03
const FLOOD_MAX = 50
const BAD = ['poison', '{"amount":"much"}', undefined]

/** Appends records over some seconds, some of them late or no event at all; retention takes some away. */
export async function write(
  world: World,
  broker: SimBroker,
  life: { isWritten: boolean },
): Promise<void> {
  const { random, clock } = world
  const records = Math.min(random.whole(20, 200), world.limits.recordsMax ?? Infinity)
  // Rare pauses leave a backlog, so that units stay open and records are read ahead of them.
  const pauses = random.pick([0.2, 0.05, 0.01]) ?? 0
  // Close together, many events share a tile, and its last value is told from the others only by what is in it.
  const stepMaxMs = random.pick([900, 900, 60]) ?? 0
  let timeMs = clock.now()
  let floodUntil = 0
  for (let written = 0; written < records; written++) {
    const partition = random.whole(0, broker.inputs.length - 1)
    const log = broker.inputs[partition]
    if (log === undefined) continue
    timeMs += random.whole(0, stepMaxMs)
    while (log.isCut) await clock.sleep(100)
    if (world.fault('flood', FLOOD_SHARE)) floodUntil = written + random.whole(10, FLOOD_MAX)
    const value = valueOf(world, written < floodUntil ? 0.8 : 0.05)
    log.append({
      partition,
      timestamp: timeMs - (random.chance(0.1) ? random.whole(0, 5_000) : 0),
      key: Buffer.from(`k${random.whole(1, KEYS)}`),
      value: value === undefined ? null : Buffer.from(value),
    })
    if (world.fault('input-deleted', DELETED_SHARE)) deletePart(world, broker)
    if (world.fault('input-held', HELD_SHARE)) void hold(world, log)
    if (world.fault('input-cut', CUT_SHARE)) void cut(world, log)
    if (random.chance(pauses)) await clock.sleep(random.whole(0, 800))
  }
  life.isWritten = true
}

function valueOf({ random }: World, badShare: number): string | undefined {
  if (random.chance(badShare)) return random.pick(BAD)
  return JSON.stringify({ amount: random.chance(0.1) ? null : random.whole(0, 40_000) / 100 })
}

/** Below the committed offset it costs nothing but what state could be rebuilt from; above it, answers. */
function deletePart(world: World, broker: SimBroker): void {
  const partition = world.random.whole(0, broker.inputs.length - 1)
  const [log, state] = [broker.inputs[partition], broker.states[partition]]
  if (log === undefined || state === undefined) return
  const { first, end } = log.bounds
  log.deleteBefore(world.random.whole(first, end))
  if (world.fault('changelog-deleted', 0.5)) state.deleteBefore(state.lastStable)
  world.note(`log ${partition} begins at ${log.bounds.first}, ends at ${end}`)
}

/** For some seconds the end of a log is not there. */
async function cut(world: World, log: InputLog): Promise<void> {
  const { first, end } = log.bounds
  log.cutAt(world.random.whole(first, end))
  world.note(`a log ends at ${log.bounds.end}, not ${end}`)
  await world.clock.sleep(world.random.whole(1_000, CUT_MAX_MS))
  log.mend()
}

/** The record just written is part of a transaction that takes its time, and may come to nothing. */
async function hold(world: World, log: InputLog): Promise<void> {
  const { random, clock } = world
  const decide = log.hold(log.records.length - 1)
  await clock.sleep(random.whole(0, HELD_MAX_MS))
  decide(random.chance(0.5) ? 'committed' : 'aborted')
}
