import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ServiceError } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { BOUNDS_MAX } from './sketch.ts'

/** Bounds of a reference: what a scrape and a report can hold, and what can be counted as fast as may be. */
const REFERENCE_BOUNDS = {
  features: 256,
  // One bound is that of the least value.
  bins: BOUNDS_MAX - 1,
  categories: 256,
  sizes: 16,
} as const

const count = z.int().min(0)
const calibration = z
  .array(
    z.strictObject({
      records: z.int().min(1),
      windows: z.int().min(2),
      mean: z.number().min(0),
      sd: z.number().min(0),
      max: z.number().min(0),
    }),
  )
  .max(REFERENCE_BOUNDS.sizes)
const named = { name: z.string().min(1), calibration }

const numberSchema = z.strictObject({
  ...named,
  missing: count,
  /** Least value. */
  min: z.number(),
  /** Inclusive upper bounds of the bins, ascending; the last is the largest value. */
  upper: z.array(z.number()).max(REFERENCE_BOUNDS.bins),
  /** Values in each bin. */
  counts: z.array(count),
})

const categorySchema = z.strictObject({
  ...named,
  /** Columns of a one-hot, in their order in the model. */
  columns: z.array(z.string()).min(1).max(REFERENCE_BOUNDS.categories),
  counts: z.array(count),
  /** Events of no known category. */
  other: count,
})

const referenceSchema = z.strictObject({
  format: z.literal(1),
  /** Events of the training data, and the event time between the first and the last, ms. */
  rows: z.int().min(1),
  spanMs: z.int().min(1),
  /** Features that are watched: numbers, and one-hot ones as the category they stand for. */
  numbers: z.array(numberSchema).max(REFERENCE_BOUNDS.features),
  categories: z.array(categorySchema).max(REFERENCE_BOUNDS.features),
  /** All outputs of the model, in its order. */
  scores: z.array(numberSchema),
})

/** `reference.json`: the training data as drift is measured against it. */
export type Reference = z.infer<typeof referenceSchema>
export type NumberReference = z.infer<typeof numberSchema>
export type CategoryReference = z.infer<typeof categorySchema>

/**
 * Reads a reference.
 *
 * @param file named in errors
 * @throws ServiceError `MODEL_INVALID` naming the file and the field when it is no reference, does not
 *   add up, or names what the model does not have
 */
export function parseReference(text: string, file: string, spec: ModelSpec): Reference {
  const reference = parse(text, file)
  const { rows, numbers, categories, scores } = reference
  const problems = [
    ...numbers.flatMap((each, at) => numberProblems(`numbers[${at}]`, each, rows)),
    ...categories.flatMap((each, at) => categoryProblems(`categories[${at}]`, each, rows)),
    ...scores.flatMap((each, at) => numberProblems(`scores[${at}]`, each, rows)),
    ...numbers.flatMap(({ name }, at) => columnProblems(`numbers[${at}]`, [name], spec)),
    ...categories.flatMap(({ columns }, at) => columnProblems(`categories[${at}]`, columns, spec)),
    ...nameProblems(reference),
    ...scoreProblems(reference, spec),
  ]
  if (problems.length === 0) return reference
  throw new ServiceError('MODEL_INVALID', `${file}: ${problems.join('; ')}`)
}

/** First characters of the sha256 of a reference's text. */
export function referenceId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function parse(text: string, file: string): Reference {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ServiceError('MODEL_INVALID', `${file} is not JSON: ${String(error)}`, error)
  }
  const result = referenceSchema.safeParse(json)
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new ServiceError('MODEL_INVALID', `${file}: ${issues.join('; ')}`)
}

function numberProblems(name: string, number: NumberReference, rows: number): string[] {
  const { min, upper, counts, missing } = number
  const problems = countProblems(name, { counts, beside: missing, bins: upper.length, rows })
  const [first = min] = upper
  if (first < min) problems.push(`${name}.upper[0] must be at least min ${min}, got ${first}`)
  const at = upper.findIndex((bound, i) => i > 0 && !(bound > (upper[i - 1] ?? bound)))
  if (at > 0) {
    problems.push(`${name}.upper[${at}] must be above ${upper[at - 1]}, got ${upper[at]}`)
  }
  return [...problems, ...calibrationProblems(name, number, rows)]
}

function categoryProblems(name: string, category: CategoryReference, rows: number): string[] {
  const { columns, counts, other } = category
  return [
    ...countProblems(name, { counts, beside: other, bins: columns.length, rows }),
    ...calibrationProblems(name, category, rows),
  ]
}

function countProblems(
  name: string,
  is: {
    readonly counts: readonly number[]
    readonly beside: number
    readonly bins: number
    readonly rows: number
  },
): string[] {
  const { counts, beside, bins, rows } = is
  if (counts.length !== bins)
    return [`${name}.counts must have ${bins} values, got ${counts.length}`]
  const total = counts.reduce((sum, each) => sum + each, beside)
  return total === rows ? [] : [`${name} must count ${rows} rows, got ${total}`]
}

function calibrationProblems(
  name: string,
  { calibration: sizes }: Pick<NumberReference, 'calibration'>,
  rows: number,
): string[] {
  return sizes.flatMap(({ records }, at) => {
    const least = (sizes[at - 1]?.records ?? 0) + 1
    if (records >= least && records < rows) return []
    return [
      `${name}.calibration[${at}].records must be from ${least} to ${rows - 1}, got ${records}`,
    ]
  })
}

function columnProblems(
  name: string,
  columns: readonly string[],
  { features }: ModelSpec,
): string[] {
  const first = features.findIndex((each) => each.name === columns[0])
  const isThere = columns.every((column, at) => first >= 0 && features[first + at]?.name === column)
  return isThere ? [] : [`${name}: the model has no columns ${columns.join(', ')} side by side`]
}

/** Two of one name could not be told apart where they are shown. */
function nameProblems({ numbers, categories }: Reference): string[] {
  const names = [...numbers, ...categories].map(({ name }) => name)
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  return twice.map((name) => `"${name}" must be there once`)
}

function scoreProblems({ scores }: Reference, { model }: ModelSpec): string[] {
  const names = scores.map(({ name }) => name).join(', ')
  const wanted = model.outputs.map(({ name }) => name).join(', ')
  return names === wanted ? [] : [`scores must be those of the model, ${wanted}, got ${names}`]
}
