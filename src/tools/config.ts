import type { LoadedConfig } from '../config/load.ts'
import { shownVariables } from '../config/shown.ts'
import { formatTable } from './table.ts'

const UNSET = '(unset)'

/**
 * What `millrace config` prints: every variable with its effective value and where it comes from,
 * then the librdkafka properties passed through, then warnings. Secrets are masked.
 */
export function configCommand(loaded: LoadedConfig, options: { readonly json: boolean }): string {
  const shown = shownVariables(loaded)
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
