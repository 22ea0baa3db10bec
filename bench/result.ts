import type { TestedOn } from './machine.ts'

/** A kind of figure of a result: how it is named and written. */
export interface Figure {
  readonly title: string
  /** Decimal places. */
  readonly digits: number
}

/** What was measured of one contestant, or at one point of a curve. */
export interface Case {
  readonly label: string
  /** Where it stands on the axis, when the result has one. */
  readonly x?: number
  /** By figure: a value per round. A figure that does not apply here is left out. */
  readonly values: Readonly<Record<string, readonly number[]>>
}

/** How a curve's axis is drawn. */
export interface Axis {
  readonly label: string
  /** A step of the same width is a factor, not a difference. */
  readonly isLog: boolean
}

/** One measurement, whole: what is kept in `bench/results.json`, printed and drawn. */
export interface Result {
  /** Stays the same from run to run: a newer result takes the place of the older. */
  readonly id: string
  /** The benchmark it belongs to. */
  readonly bench: string
  readonly title: string
  /** What was done, in a sentence. */
  readonly how: string
  readonly on: TestedOn
  /** Of the generated events. */
  readonly seed: number
  /** Less work than the figures need to be quoted. */
  readonly isQuick: boolean
  readonly figures: Readonly<Record<string, Figure>>
  /** The figures that are drawn, a panel each. */
  readonly drawn: readonly string[]
  /** When the cases are points of a curve. */
  readonly axis?: Axis
  readonly cases: readonly Case[]
  /** What was not correct: figures of such a run are worth nothing. */
  readonly problems: readonly string[]
}

/** What a benchmark fills in of a result; the rest is known to whoever runs it. */
export type Measured = Omit<Result, 'bench' | 'on' | 'seed' | 'isQuick'>

/** Gathers the figures of rounds, case by case, in the order of their first coming. */
export class Cases {
  readonly #cases = new Map<string, { x?: number; values: Map<string, number[]> }>()

  /** Adds a round's figures of a case; those that are `undefined` do not apply. */
  add(label: string, figures: Readonly<Record<string, number | undefined>>, x?: number): void {
    const known = this.#cases.get(label) ?? { values: new Map<string, number[]>() }
    if (x !== undefined) known.x = x
    this.#cases.set(label, known)
    for (const [name, value] of Object.entries(figures)) {
      if (value === undefined) continue
      known.values.set(name, [...(known.values.get(name) ?? []), value])
    }
  }

  /** All cases, as they are kept. */
  all(): readonly Case[] {
    return [...this.#cases].map(([label, { x, values }]) => {
      const found = { label, values: Object.fromEntries(values) }
      return x === undefined ? found : { ...found, x }
    })
  }
}
