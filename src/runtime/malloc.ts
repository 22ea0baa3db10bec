import { setMmapThreshold } from './kafka-addon.ts'

/**
 * From this size on the C library maps a block of its own and gives it back to the system when it is freed.
 * Left alone, glibc raises the bound to the largest block that has been freed, up to 32 MB, and keeps in its
 * arenas what batches of records leave behind: 309 to 325 MiB at the peak of 2,000,000 events instead of 287
 * to 303 (`docs/performance.md`).
 */
const MMAP_THRESHOLD_BYTES = 256 * 1024

/**
 * Keeps the C library from holding on to large blocks. Call it at start: it counts from then on.
 *
 * @returns whether the library does so: not where it is not glibc, nor with a Kafka client that is not patched
 */
export function releaseLargeBlocks(): boolean {
  return setMmapThreshold(MMAP_THRESHOLD_BYTES)
}
