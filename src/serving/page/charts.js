import { at } from './dom.js'

const SVG = 'http://www.w3.org/2000/svg'
const SPARK = { width: 179, height: 44 }
const BARS = { width: 200, height: 90 }

/** A shape of a chart, there already or new. @param {Element} svg @param {number} index @param {string} tag @param {Record<string, string | number>} attributes */
function shape(svg, index, tag, attributes) {
  let found = svg.children[index]
  if (found === undefined) {
    found = document.createElementNS(SVG, tag)
    svg.append(found)
  }
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, String(value))
}

/** A line over the seconds; nothing is drawn where nothing is known. @param {string} id @param {readonly (number | null)[]} values @param {string} label */
export function sparkline(id, values, label) {
  const svg = at(id)
  const { width, height } = SPARK
  const most = Math.max(...values.map((value) => value ?? 0)) || 1
  const x = (/** @type {number} */ i) => ((i * width) / Math.max(1, values.length - 1)).toFixed(2)
  const y = (/** @type {number} */ value) => (height - (value / most) * (height - 2)).toFixed(2)
  let line = ''
  let area = ''
  for (let from = 0; from < values.length; ) {
    let to = from
    while (to < values.length && values[to] !== null) to++
    if (to > from) {
      const points = values.slice(from, to).map((value, i) => `${x(from + i)} ${y(value ?? 0)}`)
      line += `M${points.join('L')}${to - from === 1 ? 'h.01' : ''}`
      area += `M${x(from)} ${height}L${points.join('L')}L${x(to - 1)} ${height}Z`
    }
    from = Math.max(to, from + 1)
  }
  shape(svg, 0, 'path', { class: 'base', d: `M0 ${height}H${width}` })
  shape(svg, 1, 'path', { class: 'area', d: area })
  shape(svg, 2, 'path', { class: 'line', d: line })
  svg.setAttribute('aria-label', label)
}

/** Bars of shares, and a reference as a line of steps over them. @param {string} id @param {readonly number[]} live @param {readonly number[] | undefined} reference @param {string} label */
export function bars(id, live, reference, label) {
  const svg = at(id)
  const { width, height } = BARS
  const shares = sharesOf(live)
  const wanted = reference === undefined ? undefined : sharesOf(reference)
  const most = Math.max(...shares, ...(wanted ?? [])) || 1
  const step = width / shares.length
  const tall = (/** @type {number} */ share) => (share / most) * (height - 1)
  shape(svg, 0, 'path', { class: 'base', d: `M0 ${height}H${width}` })
  const d = shares.map((share, i) => {
    const left = (i * step + step * 0.08).toFixed(2)
    return `M${left} ${height}v${(-tall(share)).toFixed(2)}h${(step * 0.84).toFixed(2)}V${height}Z`
  })
  shape(svg, 1, 'path', { class: 'bar', d: d.join('') })
  const outline = (wanted ?? []).map(
    (share, i) => `${i === 0 ? 'M0 ' : 'V'}${(height - tall(share)).toFixed(2)}h${step.toFixed(2)}`,
  )
  shape(svg, 2, 'path', { class: 'step', d: outline.join('') })
  svg.setAttribute('aria-label', label)
}

/** @param {readonly number[]} counts */
function sharesOf(counts) {
  const total = counts.reduce((sum, each) => sum + each, 0) || 1
  return counts.map((each) => each / total)
}
