/** Width of every plot, px. */
export const WIDTH = 760

/**
 * Colours for a light page and for a dark one; the background comes along, so that a plot can be read
 * where the page's colour is not ours to know.
 */
const STYLE = [
  '.back{fill:#fff}text{font:13px sans-serif;fill:#24292f}.title{font-weight:bold}.small{font-size:11px}',
  '.ours{fill:#2a6fb0}.theirs{fill:#b0b8c0}.grid{stroke:#d8dee4}.axis{stroke:#6e7781}',
  '.line{fill:none;stroke:#2a6fb0;stroke-width:2}.dot{fill:#2a6fb0}',
  '.spread{stroke:#57606a;stroke-width:1.5}',
  '@media (prefers-color-scheme:dark){.back{fill:#0d1117}text{fill:#e6edf3}.ours,.dot{fill:#58a6ff}',
  '.theirs{fill:#57606a}.grid{stroke:#30363d}.axis{stroke:#8b949e}.line{stroke:#58a6ff}',
  '.spread{stroke:#b1bac4}}',
].join('')

/** A part of a plot: what is drawn, from its own top on, and how high it is, px. */
export interface Panel {
  readonly height: number
  readonly drawn: string
}

/** A whole picture: panels below each other, an SVG that needs nothing else. */
export function picture(panels: readonly Panel[]): string {
  let top = 0
  const parts = panels.map(({ height, drawn }) => {
    const part = `<g transform="translate(0 ${top})">\n${drawn}</g>\n`
    top += height
    return part
  })
  const size = `width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n<style>${STYLE}</style>\n<rect class="back" width="${WIDTH}" height="${top}"/>\n${parts.join('')}</svg>\n`
}

/** A line of text; `anchor` is where on it (x, y) lies. */
export function text(content: string, { x, y, kind, anchor = 'start' }: TextPlace): string {
  const style = kind === undefined ? '' : ` class="${kind}"`
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<text${style} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped}</text>\n`
}

/** Where a text stands. */
export interface TextPlace {
  readonly x: number
  readonly y: number
  readonly kind?: 'title' | 'small'
  readonly anchor?: 'start' | 'middle' | 'end'
}

/** A straight line. */
export function line(
  kind: string,
  from: readonly [number, number],
  to: readonly [number, number],
): string {
  return `<line class="${kind}" x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}"/>\n`
}

/** A place in px, short. */
export function round(place: number): number {
  return Math.round(place * 10) / 10
}
