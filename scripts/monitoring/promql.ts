/** What a query reads. */
export interface QueryNames {
  /** Names of series, those of recording rules included. */
  readonly metrics: ReadonlySet<string>
  /** Labels that are matched, by the series they are matched on. */
  readonly matched: readonly { readonly metric: string; readonly label: string }[]
  /** Labels to group, join or keep by. */
  readonly grouped: ReadonlySet<string>
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'atan2'])
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\b\s*(?:\(([^)]*)\))?/g
const SELECTOR = /([a-zA-Z_:][\w:]*)?\s*\{([^}]*)\}/g
const MATCHER = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g
/** A name that no call follows. */
const IDENTIFIER = /(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:]|\s*\()/g

/** Reads the names out of a PromQL query. It must be one that Prometheus takes: it is not parsed in full. */
export function namesOf(query: string): QueryNames {
  const bare = query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
  const matched: { metric: string; label: string }[] = []
  for (const [, metric = '', matchers = ''] of bare.matchAll(SELECTOR)) {
    for (const [, label = ''] of matchers.matchAll(MATCHER)) matched.push({ metric, label })
  }
  const grouped = new Set<string>()
  for (const [, labels = ''] of bare.matchAll(GROUPING)) {
    for (const label of labels.split(',')) if (label.trim() !== '') grouped.add(label.trim())
  }
  const rest = bare
    .replaceAll(GROUPING, ' ')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replaceAll(/\boffset\s+\w+/g, ' ')
  const metrics = new Set<string>()
  for (const [, name = ''] of rest.matchAll(IDENTIFIER)) {
    if (!KEYWORDS.has(name.toLowerCase())) metrics.add(name)
  }
  return { metrics, matched, grouped }
}
