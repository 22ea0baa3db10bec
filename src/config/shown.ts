import type { ValueSource } from './draft.ts'
import type { LoadedConfig } from './load.ts'
import { VARIABLES } from './schema.ts'

const MASK = '***'

/** A variable as it may be shown. */
export interface ShownVariable {
  readonly name: string
  /** `null` when unset; a secret is masked. */
  readonly value: string | null
  readonly source: ValueSource
}

/** Every variable with its effective value, then the librdkafka properties passed through. */
export function shownVariables(loaded: LoadedConfig): readonly ShownVariable[] {
  return [...showVariables(loaded), ...showPassedThrough(loaded)]
}

function showVariables({ config, sources }: LoadedConfig): readonly ShownVariable[] {
  const values = new Map<string, unknown>(Object.entries(config))
  return VARIABLES.map(({ key, name, secret }) => {
    const value = values.get(key)
    const text = value === undefined ? null : secret === true ? MASK : formatValue(value)
    return { name, value: text, source: sources.get(name) ?? 'default' }
  })
}

function showPassedThrough({ passedThrough }: LoadedConfig): readonly ShownVariable[] {
  return passedThrough.map(({ name, value, isSecret }) => ({
    name,
    value: isSecret ? MASK : value,
    source: 'environment',
  }))
}

function formatValue(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}
