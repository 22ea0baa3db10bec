/**
 * The bound on the memory of this process, bytes; `undefined` where there is none below the machine's memory.
 *
 * @param constrainedBytes as `process.constrainedMemory()` has it: 0 when unknown, beyond all measure when unlimited
 * @param machineBytes memory of the machine
 */
export function memoryLimitBytes(
  constrainedBytes: number,
  machineBytes: number,
): number | undefined {
  return constrainedBytes > 0 && constrainedBytes < machineBytes ? constrainedBytes : undefined
}
