import type { ValueSource } from '../config/draft.ts'
import type { LoadedConfig } from '../config/load.ts'
import { VARIABLES } from '../config/schema.ts'
import { formatTable } from './table.ts'

const MASK = '***'
const UNSET = '(unset)'

interface Shown {
  readonly name: string
  /** `null` when unset; a secret is masked. */
  readonly value: string | null
  readonly source: ValueSource
}

/**
 * What `millrace config` prints: every variable with its effective value and where it comes from,
 * then the librdkafka properties passed through, then warnings. Secrets are masked.
 */
export function configCommand(loaded: LoadedConfig, options: { readonly json: boolean }): string {
  const shown = [...showVariables(loaded), ...showPassedThrough(loaded)]
  if (options.json) {
    return `${JSON.stringify({ variables: shown, warnings: loaded.warnings }, undefined, 2)}\n`
  }
  const rows = [
    ['VARIABLE', 'VALUE', 'SOURCE'],
    ...shown.map(({ name, value, source }) => [name, value ?? UNSET, source]),
  ]
  const warnings = loaded.warnings.map((warning) => `warning: ${warning}\n`)
  return [formatTable(rows), ...warnings].join(warnings.length > 0 ? '\n' : '')
}

function showVariables({ config, sources }: LoadedConfig): readonly Shown[] {
  const values = new Map<string, unknown>(Object.entries(config))
  return VARIABLES.map(({ key, name, secret }) => {
    const value = values.get(key)
    const text = value === undefined ? null : secret === true ? MASK : formatValue(value)
    return { name, value: text, source: sources.get(name) ?? 'default' }
  })
}

function showPassedThrough({ passedThrough }: LoadedConfig): readonly Shown[] {
  return passedThrough.map(({ name, value, isSecret }) => ({
    name,
    value: isSecret ? MASK : value,
    source: 'environment',
  }))
}

function formatValue(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}
