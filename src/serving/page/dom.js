/**
 * Everything that is shown goes through `textContent` or an attribute set here, so nothing that came
 * from outside can become markup.
 *
 * @typedef {{ text: string, is?: string, command?: string }} Cell `is`: class names; `command`: to be copied
 */

/** @param {string} id @returns {HTMLElement} */
export function at(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

/** @param {Element} parent @param {number} index */
export function child(parent, index) {
  const found = parent.children[index]
  if (found === undefined) throw new Error(`there is no child ${index}`)
  return found
}

/** Writes only what has changed, so that a selection outlives it. @param {Element} element @param {string} text */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** @param {Element} element @param {string} names */
function be(element, names) {
  if ((element.getAttribute('class') ?? '') !== names) element.setAttribute('class', names)
}

/** Makes the children of an element as many as wanted. @param {Element} parent @param {number} wanted @param {string} tag */
export function resize(parent, wanted, tag) {
  while (parent.children.length > wanted) parent.lastElementChild?.remove()
  while (parent.children.length < wanted) parent.append(document.createElement(tag))
}

/** Makes the rows of a table's body these; the first cell of each is its heading. @param {string} id @param {Cell[][]} rows */
export function showRows(id, rows) {
  const body = at(id)
  resize(body, rows.length, 'tr')
  for (const [i, cells] of rows.entries()) {
    const row = child(body, i)
    if (row.children.length === 0) {
      const heading = document.createElement('th')
      heading.scope = 'row'
      row.append(heading)
    }
    resize(row, cells.length, 'td')
    for (const [j, cell] of cells.entries()) showCell(child(row, j), cell)
  }
}

/** @param {Element} element @param {Cell} cell */
function showCell(element, { text, is = '', command }) {
  be(element, is)
  if (command === undefined) return write(element, text)
  if (element.children.length === 0) {
    element.append(document.createElement('span'), document.createElement('code'))
  }
  write(child(element, 0), text)
  write(child(element, 1), command)
}

/** Shows names and what they are as a description list. @param {string} id @param {{ name: string, text: string, is?: string }[]} facts */
export function showFacts(id, facts) {
  const list = at(id)
  resize(list, facts.length, 'div')
  for (const [i, { name, text, is = '' }] of facts.entries()) {
    const group = child(list, i)
    if (group.children.length === 0) {
      group.append(document.createElement('dt'), document.createElement('dd'))
    }
    be(group, is)
    write(child(group, 0), name)
    write(child(group, 1), text)
  }
}

/** @param {number | null | undefined} value */
export function count(value) {
  return value === null || value === undefined ? '–' : Math.round(value).toLocaleString('en-US')
}

/** @param {number | null | undefined} ms */
export function latency(ms) {
  if (ms === null || ms === undefined) return '–'
  if (ms >= 60_000) return '> 60 s'
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** `2013-01-05 14:02:11`, UTC. @param {string | null | undefined} iso */
export function time(iso) {
  return iso === null || iso === undefined ? '–' : iso.slice(0, 19).replace('T', ' ')
}

/** How long before `nowIso` that was. @param {string | null | undefined} iso @param {string | null} nowIso */
export function ago(iso, nowIso) {
  if (iso === null || iso === undefined || nowIso === null) return 'never'
  const ms = Date.parse(nowIso) - Date.parse(iso)
  return ms < 1_000 ? 'just now' : `${long(ms)} ago`
}

/** @param {number} ms */
function long(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  const hours = seconds / 3_600
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} d`
}
