import type { ErrorCode, ServiceError } from '../../src/domain/errors.ts'
import type { Fault, World } from './world.ts'

/** What explains that a process that was to work ends, by the code it ends with. Nothing explains the other codes. */
const EXPLANATIONS: Partial<Record<ErrorCode, readonly Fault[]>> = {
  KAFKA_UNAUTHORIZED: ['unauthorized'],
  INVARIANT_BROKEN: ['worker-gone'],
  // Fenced by another process, or refused for so long that it does not look like chance.
  CONSUMER_FATAL: ['member-fenced', 'offsets-abortable'],
  STATE_GAP: ['input-deleted', 'input-cut', 'changelog-deleted', 'model-changed'],
  STATE_MISMATCH: ['model-changed'],
}

/** Whether something that has happened explains this end: whatever else does not is waited out or mended. */
export function isExplained({ code }: ServiceError, { reached }: World): boolean {
  return EXPLANATIONS[code]?.some((fault) => reached.has(fault)) ?? false
}
