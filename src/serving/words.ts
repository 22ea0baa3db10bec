/** Partitions that are named one by one. */
const NAMED_MAX = 4

/** A whole number with thousands apart: `2,031`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** How much of `total` is done: `62 %`; of nothing, all is done. */
export function percent(done: number, total: number): string {
  return total <= 0 ? '100 %' : `${Math.floor((done / total) * 100)} %`
}

/** A duration to two figures at most: `8 s`, `3 min`, `1.5 h`, `2.0 d`. Never below zero. */
export function duration(ms: number, rounding: 'down' | 'up' = 'down'): string {
  const exact = Math.max(0, ms) / 1_000
  const seconds = rounding === 'up' ? Math.ceil(exact) : Math.floor(exact)
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  const hours = seconds / 3_600
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`
}

/** A latency: `0.8 ms`, `21 ms`, `1.4 s`, `more than 60 s` where nothing finer is known. */
export function latency(ms: number): string {
  if (ms >= 60_000) return 'more than 60 s'
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** `partition 3`, `partitions 0, 1 and 2`, or how many they are. */
export function partitionNames(of: readonly { readonly partition: number }[]): string {
  const names = of.map(({ partition }) => partition).toSorted((a, b) => a - b)
  const last = names.at(-1) ?? 0
  if (names.length === 1) return `partition ${last}`
  if (names.length > NAMED_MAX) return `${count(names.length)} partitions`
  return `partitions ${names.slice(0, -1).join(', ')} and ${last}`
}
