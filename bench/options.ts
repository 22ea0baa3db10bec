import { UsageError } from '../scripts/options.ts'

/** The whole numbers above 0 that were typed, comma-separated, or else these. @throws UsageError */
export function wholeNumbers(
  option: string,
  typed: string | undefined,
  otherwise: readonly number[],
): readonly number[] {
  if (typed === undefined) return otherwise
  return typed.split(',').map((each) => {
    const value = Number(each)
    if (Number.isSafeInteger(value) && value > 0) return value
    throw new UsageError(`${option} must be whole numbers > 0, comma-separated, got ${typed}`)
  })
}

/** The names that were typed, comma-separated, or else all. @throws UsageError for one that is not known */
export function namesOf<Name extends string>(
  option: string,
  typed: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (typed === undefined) return known
  return typed.split(',').map((text) => {
    const name = known.find((each) => each === text.trim())
    if (name !== undefined) return name
    throw new UsageError(`${option} must name some of ${known.join(', ')}, got ${text}`)
  })
}
