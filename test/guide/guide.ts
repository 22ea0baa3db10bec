import { readFileSync } from 'node:fs'

/** One step of a guide. */
export type Step =
  /** What a comment `<!-- test: … -->` asks of the test. */
  | { readonly kind: 'act'; readonly words: readonly string[] }
  /** A file to be written, as `<!-- test: file NAME -->` before a block asks. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  /** A block of commands, with the lines that they are said to print. */
  | { readonly kind: 'commands'; readonly text: string; readonly prints: readonly string[] }

/** The steps of a guide, in order. */
export function stepsOf(path: string): Step[] {
  const guide = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const steps: Step[] = []
  const pattern = /^<!-- test: (?<act>.*?) -->$|^```(?<kind>\w+)\n(?<body>.*?)^```$/gms
  for (const { groups = {} } of guide.matchAll(pattern)) {
    const { act, kind, body = '' } = groups
    const last = steps.at(-1)
    const [verb, name] = last?.kind === 'act' ? last.words : []
    if (act !== undefined) steps.push({ kind: 'act', words: act.split(' ') })
    else if (verb === 'file' && name !== undefined) {
      steps.splice(-1, 1, { kind: 'file', path: name, text: body })
    } else if (kind === 'sh') steps.push({ kind: 'commands', text: body, prints: [] })
    else steps.push({ ...commandsBefore(steps.pop()), prints: linesOf(body) })
  }
  return steps
}

function commandsBefore(step: Step | undefined) {
  if (step?.kind !== 'commands') throw new Error('output that no commands stand before')
  return step
}

/** The lines that are said to be printed and are not, whatever figures, bars and widths are in them. */
export function missingLines(prints: readonly string[], printed: string): string[] {
  const found = new Set(linesOf(printed).map(withoutFigures))
  return prints.filter((line) => !found.has(withoutFigures(line)))
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function withoutFigures(line: string): string {
  // Whole shares are what a guide promises: they are no mere figures. Ids of 12 hexadecimal digits are.
  const figure = /\b[0-9a-f]{12}\b|\d+\.\d+|\d+(?! %)(?!\d)/g
  return line.replaceAll(figure, '#').replaceAll(/█+/g, '█').replaceAll(/\s+/g, ' ').trim()
}
