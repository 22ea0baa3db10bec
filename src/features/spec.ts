import type { z } from 'zod'
import { ServiceError } from '../domain/errors.ts'
import type { EventMapping, FeatureSpec, ModelSpec } from '../domain/model-spec.ts'
import { parseDurationMs } from './duration.ts'
import { suggestion } from '../domain/nearest.ts'
import { type Report, resolveEvent, resolveFeature } from './spec-resolve.ts'
import {
  eventSchema,
  featureSchema,
  type ModelDeclaration,
  modelSchema,
  OPERATIONS,
  SPEC_BOUNDS,
} from './spec-schema.ts'
import { formatPath, type YamlPath, YamlText } from './yaml-text.ts'

const TEXT_LENGTH_MAX = 1_000_000
const LATENESS_DEFAULT = '0s'
const FUTURE_SKEW_DEFAULT = '5m'

/**
 * Parses a model's declaration.
 *
 * @param fileName how messages name the file
 * @throws ServiceError `MODEL_INVALID` with every problem, a line each: file, line, key, what it must
 *   be, and what it is
 */
export function parseModelSpec(text: string, fileName: string): ModelSpec {
  const problems = new Problems(fileName)
  if (text.length > TEXT_LENGTH_MAX) {
    problems.add(1, `file must have at most ${TEXT_LENGTH_MAX} characters, got ${text.length}`)
  }
  problems.throwIfAny()
  const yaml = new YamlText(text)
  for (const { line, message } of yaml.errors) problems.add(line, message)
  problems.throwIfAny()
  const report: Report = (path, rule, hint = '') => problems.at(yaml, path, [rule, hint])
  const parsed = modelSchema.safeParse(yaml.value)
  if (!parsed.success) reportIssues(parsed.error.issues, [], { yaml, report })
  const { event, features } = resolveParts(yaml.value, report)
  if (parsed.success) checkOutputs(parsed.data, report)
  problems.throwIfAny()
  if (!parsed.success || event === undefined) return problems.fail()
  return assemble(parsed.data, event, features)
}

/** Collects what is wrong, so that all of it is said at once. */
class Problems {
  readonly #fileName: string
  readonly #lines: { readonly line: number; readonly text: string }[] = []

  constructor(fileName: string) {
    this.#fileName = fileName
  }

  add(line: number, problem: string): void {
    const text = `${this.#fileName}:${line}: ${problem}`
    if (!this.#lines.some((known) => known.text === text)) this.#lines.push({ line, text })
  }

  at(yaml: YamlText, path: YamlPath, [rule, hint]: readonly [string, string]): void {
    const value = yaml.valueAt(path)
    const name = path.length === 0 ? 'the file' : formatPath(path)
    const said =
      value === undefined
        ? `${name} is missing; it ${rule}`
        : `${name} ${rule}, got ${shown(value)}`
    this.add(yaml.lineOf(path), `${said}${hint}`)
  }

  throwIfAny(): void {
    if (this.#lines.length > 0) this.fail()
  }

  fail(): never {
    const sorted = this.#lines.toSorted((a, b) => a.line - b.line)
    throw new ServiceError('MODEL_INVALID', sorted.map(({ text }) => text).join('\n'))
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

interface Told {
  readonly yaml: YamlText
  readonly report: Report
}

/** Problems the schema found. Of a union, the branch that got further inside is the one meant. */
function reportIssues(issues: readonly z.core.$ZodIssue[], prefix: YamlPath, told: Told): void {
  for (const issue of issues) {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(', ')
      const rule = `is unknown here, known are ${issue.message}`
      for (const key of issue.keys) told.report([...path, key], rule, suggestion(key, known))
    } else if (issue.code === 'invalid_union') {
      reportUnion(issue, path, told)
    } else {
      told.report(path, issue.message)
    }
  }
}

function reportUnion(issue: z.core.$ZodIssueInvalidUnion, path: YamlPath, told: Told): void {
  const inside = issue.errors.find((branch) =>
    branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  )
  if (inside !== undefined) return reportIssues(inside, path, told)
  const isOperation = path.at(-1) === 'operation'
  const hint = isOperation ? suggestion(String(told.yaml.valueAt(path)), OPERATIONS) : ''
  told.report(path, issue.message, hint)
}

/** Resolves each part that is right by itself, so that its problems are told beside the others'. */
function resolveParts(
  value: unknown,
  report: Report,
): { event: EventMapping | undefined; features: FeatureSpec[] } {
  const { event: rawEvent, features: rawFeatures }: { event?: unknown; features?: unknown } =
    typeof value === 'object' && value !== null ? value : {}
  const parsedEvent = eventSchema.safeParse(rawEvent)
  if (!parsedEvent.success) return { event: undefined, features: [] }
  const event = resolveEvent(parsedEvent.data, report)
  const features: FeatureSpec[] = []
  const names = new Map<string, string>()
  for (const [index, raw] of (Array.isArray(rawFeatures) ? rawFeatures : []).entries()) {
    const parsed = featureSchema.safeParse(raw)
    if (!parsed.success) continue
    const inFeature: Report = (path, rule, hint) => report(['features', index, ...path], rule, hint)
    for (const feature of resolveFeature(parsed.data, event.fields, inFeature)) {
      checkName(feature.name, event, names, (problem) => inFeature(['name'], problem))
      names.set(feature.name, `features[${index}]`)
      features.push(feature)
    }
  }
  if (features.length > SPEC_BOUNDS.featuresMax) {
    report(
      ['features'],
      `must make at most ${SPEC_BOUNDS.featuresMax} columns, makes ${features.length}`,
    )
  }
  return { event, features }
}

function checkName(
  name: string,
  event: EventMapping,
  names: ReadonlyMap<string, string>,
  report: (problem: string) => void,
): void {
  if (name === event.keyName) report('must not be the name of the key')
  if (name === 'computed_at') report('must not be computed_at, which every features record has')
  const other = names.get(name)
  if (other !== undefined) report(`must be unique, but ${other} makes a column ${name} too`)
}

function checkOutputs({ model }: ModelDeclaration, report: Report): void {
  model.outputs.forEach(({ name }, index) => {
    const first = model.outputs.findIndex((output) => output.name === name)
    if (first < index) {
      report(
        ['model', 'outputs', index, 'name'],
        `must be unique, but model.outputs[${first}] has it too`,
      )
    }
  })
}

function assemble(
  declared: ModelDeclaration,
  event: EventMapping,
  features: readonly FeatureSpec[],
): ModelSpec {
  const { model } = declared
  return {
    name: declared.name,
    version: declared.version,
    ...(declared.description !== undefined && { description: declared.description }),
    ...(declared.trained_on !== undefined && { trainedOn: declared.trained_on }),
    event,
    latenessMs: parseDurationMs(declared.lateness ?? LATENESS_DEFAULT) ?? 0,
    maxFutureSkewMs: parseDurationMs(declared.max_future_skew ?? FUTURE_SKEW_DEFAULT) ?? 0,
    features,
    featuresRecord: declared.features_record ?? `${camelCase(declared.name)}Features`,
    model: {
      file: model.file,
      inputTensor: model.input,
      outputs: model.outputs.map(({ name, tensor, column }) => ({
        name,
        tensor,
        column: column ?? 0,
      })),
      goldenFile: model.golden ?? 'golden.json',
    },
  }
}

function camelCase(name: string): string {
  return name
    .split(/[-_]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('')
}
