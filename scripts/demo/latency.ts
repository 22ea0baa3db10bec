/** Latency from a record's timestamp to the commit that answered it, ms. */
export interface Latency {
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

const SERIES = 'millrace_record_to_commit_latency_seconds_bucket'

/** Quantiles of the service's own histogram, straight within a bucket as Prometheus takes them. */
export function latencyOf(exposition: string): Latency {
  const buckets = exposition.split('\n').flatMap((line) => {
    const found = line.startsWith(SERIES) ? /le="([^"]+)".*\} (\d+)$/.exec(line) : null
    if (found === null) return []
    const [, bound = '', count = ''] = found
    return [{ upTo: bound === '+Inf' ? Infinity : Number(bound), count: Number(count) }]
  })
  const quantile = (share: number): number => quantileOf(buckets, share) * 1_000
  return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) }
}

function quantileOf(
  buckets: readonly { readonly upTo: number; readonly count: number }[],
  share: number,
): number {
  const rank = share * (buckets.at(-1)?.count ?? 0)
  let below = { upTo: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.upTo === Infinity || bucket.count === below.count) return below.upTo
      const within = (rank - below.count) / (bucket.count - below.count)
      return below.upTo + within * (bucket.upTo - below.upTo)
    }
    below = bucket
  }
  return Number.NaN
}
