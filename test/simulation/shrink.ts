import { runSeed } from './run-seed.ts'
import type { SeedResult } from './run-seed.ts'
import { FAULTS } from './world.ts'
import type { Fault, Limits } from './world.ts'

const TRIES_MAX = 150

/** A failing run with less in it. */
export interface Shrunk {
  readonly limits: Limits
  readonly result: SeedResult
}

/**
 * Makes a failing run smaller for as long as it still fails, in whatever way: without one kind of fault,
 * with fewer faults, with fewer records. The seed stays, so a run is told by it and its limits.
 */
export async function shrink(failing: SeedResult): Promise<Shrunk> {
  let smallest: Shrunk = { limits: {}, result: failing }
  let tries = 0
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false
    for (const limits of smallerThan(smallest)) {
      if (++tries > TRIES_MAX) return smallest
      const result = await runSeed(failing.seed, limits)
      if (result.failures.length === 0 || sizeOf(result) >= sizeOf(smallest.result)) continue
      smallest = { limits, result }
      isSmaller = true
      break
    }
  }
  return smallest
}

/** How much there is to look at in a run. */
export function sizeOf({ records, faults }: SeedResult): number {
  return records + faults
}

/** The command that repeats a run. */
export function commandOf(seed: number, { without, faultsMax, recordsMax }: Limits): string {
  const parts = [`node scripts/simulate.ts --seed ${seed}`]
  if (without !== undefined) parts.push(`--without ${[...without].join(',')}`)
  if (faultsMax !== undefined) parts.push(`--faults ${faultsMax}`)
  if (recordsMax !== undefined) parts.push(`--records ${recordsMax}`)
  return [...parts, '--trace'].join(' ')
}

function smallerThan({ limits, result }: Shrunk): Limits[] {
  const { reached, records, faults } = result
  const kinds = FAULTS.filter((kind) => reached.has(kind))
  const without = (kind: Fault) => new Set([...(limits.without ?? []), kind])
  const faultCounts = [0, Math.floor(faults / 2), faults - 1].filter((count) => count >= 0)
  const recordCounts = [Math.floor(records / 2), records - 5, records - 1]
  return [
    ...kinds.map((kind) => ({ ...limits, without: without(kind) })),
    ...faultCounts.map((faultsMax) => ({ ...limits, faultsMax })),
    ...recordCounts.filter((count) => count > 0).map((recordsMax) => ({ ...limits, recordsMax })),
  ]
}
