/** A Markdown table; cells may hold anything but line breaks. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/**
 * A document with the part between `<!-- begin NAME (generated) -->` and `<!-- end NAME -->` replaced.
 *
 * @throws Error when the document has no such markers
 */
export function replaceBetween(document: string, name: string, content: string): string {
  const begin = `<!-- begin ${name} (generated) -->`
  const end = `<!-- end ${name} -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the document must have ${begin} and then ${end}`)
  return `${document.slice(0, from + begin.length)}\n\n${content}\n\n${document.slice(to)}`
}
