const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A duration such as `30s`, `5m`, `1h` or `1d` in ms; `undefined` when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  const unit = match?.[2]
  if (unit !== 'ms' && unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')
    return undefined
  return Number(match?.[1]) * UNIT_MS[unit]
}

/** A shift from UTC such as `+1h`, `-5h` or `5h30m` in ms; `undefined` when it is none. */
export function parseUtcOffsetMs(text: string): number | undefined {
  const match = /^([+-]?)(?=\d)(?:(\d+)h)?(?:(\d+)m)?$/.exec(text)
  if (match === null) return undefined
  const ms = Number(match[2] ?? 0) * UNIT_MS.h + Number(match[3] ?? 0) * UNIT_MS.m
  return match[1] === '-' ? 0 - ms : ms
}

/** A duration as `model.yaml` writes it, in the largest unit that divides it. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`
  }
  return `${ms}ms`
}
