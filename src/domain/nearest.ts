/** The candidate most like `name`, when it is like enough to be what was meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined
  let distance = Math.floor(name.length / 2) + 1
  for (const candidate of candidates) {
    const isBeginning = name.length > 2 && candidate.startsWith(name)
    const edits = isBeginning ? 1 : editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < distance) {
      nearest = candidate
      distance = edits
    }
  }
  return nearest
}

/** `; did you mean "…"?`, or nothing when no candidate is like the name. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates)
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`
}

/** Insertions, deletions and substitutions between two texts (Levenshtein 1966), row by row. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
