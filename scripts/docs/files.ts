import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { modelJsonSchema } from '../../src/features/spec-schema.ts'
import { schemaFiles } from '../../src/sink/schema-files.ts'
import { dashboardFile } from '../monitoring/dashboard.ts'
import { rulesFile } from '../monitoring/rules-file.ts'
import { alertSections } from './alerts.ts'
import { chartReadme } from './chart-readme.ts'
import { configurationDocument } from './configuration.ts'
import { replaceBetween } from './markdown.ts'
import { metricsDocument } from './metrics.ts'
import { resultsFiles } from './results.ts'
import { errorTable, exitTable, logTable } from './operations.ts'
import { queueSeriesTable, reasonsTable } from './reasons.ts'
import { fieldsTable, headersTable, replayHeadersTable, stylesTables } from './topics.ts'
import { valuesSchema } from './values-schema.ts'

/** A file that comes from code, as it must be. */
export interface GeneratedFile {
  /** Relative to the project. */
  readonly path: string
  readonly content: string
}

/** The model whose fields are shown in `docs/topics.md`. */
const EXAMPLE = 'engagement'

/**
 * All files that come from code.
 *
 * @param read yields the file as it is, for those that are partly written by hand
 */
export async function generatedFiles(
  models: readonly ModelSpec[],
  read: (path: string) => string | undefined,
): Promise<readonly GeneratedFile[]> {
  const example = models.find(({ name }) => name === EXAMPLE)
  if (example === undefined) throw new Error(`there must be a model ${EXAMPLE}`)
  const partly = (path: string, parts: Readonly<Record<string, string>>): GeneratedFile => ({
    path,
    content: Object.entries(parts).reduce(
      (document, [name, content]) => replaceBetween(document, name, content),
      read(path) ?? '',
    ),
  })
  const metrics = await metricsDocument()
  return [
    { path: 'docs/configuration.md', content: configurationDocument() },
    {
      path: 'docs/model.schema.json',
      content: `${JSON.stringify(modelJsonSchema(), undefined, 2)}\n`,
    },
    {
      path: 'helm/millrace/values.schema.json',
      content: `${JSON.stringify(valuesSchema(), undefined, 2)}\n`,
    },
    {
      path: 'helm/millrace/README.md',
      content: chartReadme(read('helm/millrace/values.yaml') ?? ''),
    },
    partly('docs/operations.md', {
      'exit-statuses': exitTable(),
      'error-codes': errorTable(),
      'log-codes': logTable(),
      reasons: reasonsTable(),
      alerts: alertSections(),
    }),
    partly('docs/guides/dead-letters.md', { 'queue-series': queueSeriesTable() }),
    partly('docs/topics.md', {
      features: fieldsTable(example, 'features'),
      predictions: fieldsTable(example, 'predictions'),
      audit: fieldsTable(example, 'audit'),
      headers: headersTable(),
      styles: stylesTables(),
      'replay-headers': replayHeadersTable(),
    }),
    { path: 'helm/millrace/files/alerts.yaml', content: rulesFile() },
    { path: 'helm/millrace/files/dashboard.json', content: dashboardFile() },
    ...(metrics === undefined ? [] : [{ path: 'docs/metrics.md', content: metrics }]),
    ...resultsFiles(read('bench/results.json'), read('bench/findings.json')),
    ...schemaFiles(models),
  ]
}

/** Those of the files that are not as they must be. */
export function staleFiles(
  files: readonly GeneratedFile[],
  read: (path: string) => string | undefined,
): readonly GeneratedFile[] {
  return files.filter(({ path, content }) => read(path) !== content)
}
