/** What the text format answers to, the most specific first. */
const TEXT = ['text/plain;version=0.0.4', 'text/plain', 'text/*', '*/*'] as const
/**
 * What OpenMetrics answers to: it must be named. Prometheus does; browsers and curl, which take anything,
 * get what they always got.
 */
const OPEN_METRICS = [
  'application/openmetrics-text;version=1.0.0',
  'application/openmetrics-text',
] as const

/**
 * Whether a scraper would rather have OpenMetrics 1.0 than the text format 0.0.4, by its `Accept` header:
 * of several media ranges the most specific one counts, with its weight (RFC 9110, 12.5.1). Of equal
 * weights OpenMetrics wins. A weight that is no number asks for nothing.
 */
export function prefersOpenMetrics(accept: string): boolean {
  const weights = new Map(accept.split(',').map(weightOf))
  const openMetrics = firstOf(weights, OPEN_METRICS)
  return openMetrics > 0 && openMetrics >= firstOf(weights, TEXT)
}

/** A media range, with its version alone of its parameters, and its weight. */
function weightOf(text: string): readonly [range: string, weight: number] {
  const [media = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const valueOf = (name: string): string | undefined =>
    parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1)
  const version = valueOf('version')
  return [version === undefined ? media : `${media};version=${version}`, Number(valueOf('q') ?? 1)]
}

/** Weight of the first of the ranges that is asked for; 0 where none is. */
function firstOf(weights: ReadonlyMap<string, number>, ranges: readonly string[]): number {
  const found = ranges.find((range) => weights.has(range))
  return found === undefined ? 0 : (weights.get(found) ?? 0)
}
