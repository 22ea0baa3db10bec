import type { ModelSpec } from '../domain/model-spec.ts'

/** What stays as it was at the start. */
export interface About {
  readonly spec: ModelSpec
  /** Secrets masked; `null` when unset. */
  readonly configuration: readonly {
    readonly name: string
    readonly value: string | null
    readonly source: string
  }[]
}

/** What `/about.json` answers: the model card and the configuration. */
export function aboutReport({ spec, configuration }: About) {
  const { description, trainedOn } = spec
  return {
    model: {
      description: description ?? null,
      trainedOn: trainedOn ?? null,
      features: spec.features.map(({ name, type, kind, operation }) => ({
        name,
        type,
        kind,
        operation,
      })),
      scores: spec.model.outputs.map(({ name }) => name),
    },
    configuration,
  }
}

export type AboutReport = ReturnType<typeof aboutReport>
