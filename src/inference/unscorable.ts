import { deadLetter } from '../domain/outcome.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { ScoredBatch } from './bisect.ts'

/**
 * Why a row has no prediction: the model refused it, or gave a score that is no finite number; `undefined`
 * when it has one.
 *
 * @param outputs scores per row
 */
export function unscorable(
  row: number,
  { scores, refused }: ScoredBatch,
  outputs: number,
): DeadLetter | undefined {
  const why = refused.get(row)
  if (why !== undefined)
    return deadLetter('unscorable', 'inference', `the model refused it: ${why}`)
  for (let column = 0; column < outputs; column += 1) {
    const score = scores[row * outputs + column]
    if (!Number.isFinite(score)) {
      const detail = `score ${column} must be a finite number, got ${score}`
      return deadLetter('non-finite-score', 'inference', detail)
    }
  }
  return undefined
}
