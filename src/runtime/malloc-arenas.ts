/**
 * What the operator should know about the C library's memory.
 *
 * glibc gives threads arenas of their own, eight a core, and what one client frees in one of them no other
 * can use: under a rebalance every 30 s resident memory rose by 5 MiB a minute, with one by less than
 * the soak's bound (`docs/guarantees.md`). It reads the variable before this process can set it.
 *
 * @param environment of the process
 * @returns `undefined` where nothing is to be said
 */
export function arenaWarning(
  environment: NodeJS.ProcessEnv,
  platform: string = process.platform,
): string | undefined {
  if (platform !== 'linux' || environment['MALLOC_ARENA_MAX'] !== undefined) return undefined
  return 'MALLOC_ARENA_MAX is not set: memory will grow with each rebalance; the image sets it to 1'
}
