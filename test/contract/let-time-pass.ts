import type { World } from '../simulation/world.ts'

/** Virtual time goes on in small steps, so that no transaction is timed out between two calls. */
const STEP_MS = 10

/** Lets the time of a simulated world go on beside a test that awaits, until its life is over. */
export async function letTimePass(world: World, life: { readonly isOver: boolean }): Promise<void> {
  while (!life.isOver) {
    await world.clock.pass(STEP_MS, () => life.isOver)
    void world.clock.sleep(STEP_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
