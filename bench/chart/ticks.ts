/** Steps that read well, times a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10] as const
const PREFIXES = [
  { from: 1e9, name: 'G' },
  { from: 1e6, name: 'M' },
  { from: 1e3, name: 'k' },
] as const

/** Round numbers from 0 up to the first not below `most`, about `wanted` of them. */
export function linearTicks(most: number, wanted = 4): readonly number[] {
  if (!(most > 0)) return [0, 1]
  const rough = most / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = (STEPS.find((each) => each * power >= rough * 0.999) ?? 10) * power
  const count = Math.ceil(most / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}

/** A number with the prefix of its thousands, as an axis names it. */
export function shortNumber(value: number): string {
  const prefix = PREFIXES.find(({ from }) => Math.abs(value) >= from)
  const scaled = prefix === undefined ? value : value / prefix.from
  return `${Number(scaled.toPrecision(3))}${prefix?.name ?? ''}`
}
