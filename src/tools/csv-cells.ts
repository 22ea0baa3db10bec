/** The cells of a line of CSV; a cell in quotes may hold commas, and quotes as two (RFC 4180, without line breaks). */
export function csvCells(line: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    const { text, end } = line[at] === '"' ? quoted(line, at) : plain(line, at)
    cells.push(text)
    if (line[end] !== ',') return cells
    at = end + 1
  }
}

interface Cell {
  readonly text: string
  /** Where the comma behind it is, if there is one. */
  readonly end: number
}

function plain(line: string, from: number): Cell {
  const comma = line.indexOf(',', from)
  const end = comma < 0 ? line.length : comma
  return { text: line.slice(from, end), end }
}

function quoted(line: string, from: number): Cell {
  const [cell = '', text = ''] = /^"((?:[^"]|"")*)"?/.exec(line.slice(from)) ?? []
  return { text: text.replaceAll('""', '"'), end: from + cell.length }
}
