import { existsSync } from 'node:fs'

const MODULE = new URL('../../src/telemetry/metrics.ts', import.meta.url)

/** `docs/metrics.md`; `undefined` while there are no metrics to tell of. */
export async function metricsDocument(): Promise<string | undefined> {
  if (!existsSync(MODULE)) return undefined
  const module: { metricsMarkdown?: unknown } = await import(MODULE.href)
  const { metricsMarkdown } = module
  if (typeof metricsMarkdown !== 'function') {
    throw new TypeError('src/telemetry/metrics.ts must export metricsMarkdown()')
  }
  return String(metricsMarkdown())
}
