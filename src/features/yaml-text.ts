import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'

/** Where a value stands: keys of mappings and indexes of lists, outermost first. */
export type YamlPath = readonly PropertyKey[]

/** A parsed YAML text that knows the line of every value. */
export class YamlText {
  /** What is wrong with the text as YAML, with lines; empty when it can be read. */
  readonly errors: readonly { readonly line: number; readonly message: string }[]
  /** The text as plain values; `undefined` when it cannot be read. */
  readonly value: unknown
  readonly #document: Document
  readonly #lines = new LineCounter()

  constructor(text: string) {
    const options = { lineCounter: this.#lines, prettyErrors: false }
    this.#document = parseDocument(text, options)
    const errors = this.#document.errors.map((error) => ({
      line: this.#line(error.pos[0]),
      message: error.message,
    }))
    if (errors.length === 0) {
      try {
        this.value = this.#document.toJS({ maxAliasCount: 100 })
      } catch (error) {
        errors.push({ line: 1, message: String(error) })
      }
    }
    this.errors = errors
  }

  /** The line (from 1) of a key or list entry, or of the nearest thing around it that exists. */
  lineOf(path: YamlPath): number {
    let node: unknown = this.#document.contents
    let at = startOf(node) ?? 0
    for (const step of path) {
      const found = child(node, step)
      if (found === undefined) break
      at = startOf(found.start) ?? at
      node = found.value
    }
    return this.#line(at)
  }

  /** The value at a path; `undefined` when there is none. */
  valueAt(path: YamlPath): unknown {
    let value: unknown = this.value
    for (const step of path) {
      if (typeof value !== 'object' || value === null) return undefined
      value = Object.getOwnPropertyDescriptor(value, step)?.value
    }
    return value
  }

  #line(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line)
  }
}

/** A child of a node and where it begins: at its key, or at the list entry. */
function child(node: unknown, step: PropertyKey): { start: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === step)
    return pair === undefined ? undefined : { start: pair.key, value: pair.value }
  }
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step]
    return item === undefined ? undefined : { start: item, value: item }
  }
  return undefined
}

function startOf(node: unknown): number | undefined {
  const range: Node['range'] | undefined =
    isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined
  return range?.[0]
}

/** A path as people write it, e.g. `features[2].window`. */
export function formatPath(path: YamlPath): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}
