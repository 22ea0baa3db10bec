import { z } from 'zod'
import type { DriftReport } from './report.ts'

/** The report as JSON has it: times as ISO 8601, `null` for what there is none of. */
export function reportJson({ window, series, ...about }: DriftReport) {
  const { fromMs, toMs, ...rest } = window
  return {
    ...about,
    window: { ...rest, from: isoTime(fromMs), to: isoTime(toMs) },
    series: series.map(({ ks, threshold, ...each }) => ({
      ...each,
      ks: ks ?? null,
      threshold: threshold ?? null,
    })),
  }
}

function isoTime(ms: number | undefined): string | null {
  const date = new Date(ms ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

const time = z
  .string()
  .nullable()
  .transform((text) => (text === null ? undefined : Date.parse(text)))
const optional = z
  .number()
  .nullable()
  .transform((value) => value ?? undefined)
const { number, string } = { number: z.number(), string: z.string() }

const seriesSchema = z.object({
  kind: z.enum(['feature', 'score']),
  name: string,
  values: z.enum(['number', 'category']),
  psi: number,
  js: number,
  ks: optional,
  missing: number,
  referenceMissing: number,
  unseen: number,
  threshold: optional,
  verdict: z.enum(['steady', 'drift', 'unjudged']),
  cells: z.array(z.object({ label: string, count: number, share: number })),
  calibration: z.array(
    z.object({ records: number, windows: number, mean: number, sd: number, max: number }),
  ),
})

const reportSchema = z.object({
  reference: string,
  referenceRows: number,
  referenceSpanMs: number,
  falseAlarmsPerMonth: number,
  window: z
    .object({ isComplete: z.boolean(), records: number, from: time, to: time })
    .transform(({ from, to, ...rest }) => ({ ...rest, fromMs: from, toMs: to })),
  series: z.array(seriesSchema),
})

/** Reads a report back. @throws ZodError when it is none */
export function parseReport(json: unknown): DriftReport {
  return reportSchema.parse(json)
}
