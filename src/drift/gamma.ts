/** Terms of a series or fraction at most; a few dozen are enough for 1e-12. */
const TERMS_MAX = 10_000
const PRECISION = 1e-12
/** Halvings of the search for a quantile: beyond the bits of a number. */
const HALVINGS = 80
const TINY = 1e-300

/**
 * The value that a gamma distribution with this mean and standard deviation exceeds with probability
 * `tail`. What a sum of squares of correlated counts is close to (Satterthwaite 1946).
 */
export function gammaQuantile(mean: number, sd: number, tail: number): number {
  if (!(mean > 0) || !(sd > 0)) return Math.max(0, mean)
  const shape = (mean / sd) ** 2
  const scale = mean / shape
  let low = 0
  let high = 1
  while (gammaTail(shape, high) > tail) high *= 2
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (gammaTail(shape, middle) > tail) low = middle
    else high = middle
  }
  return high * scale
}

/** The regularized upper incomplete gamma function Q(shape, x). DLMF 8.7.1 and 8.9.2. */
export function gammaTail(shape: number, x: number): number {
  if (x <= 0) return 1
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape))
  return x < shape + 1 ? 1 - front * lowerSeries(shape, x) : front * upperFraction(shape, x)
}

function lowerSeries(shape: number, x: number): number {
  let term = 1 / shape
  let sum = term
  for (let n = 1; n < TERMS_MAX && term > sum * PRECISION; n++) {
    term *= x / (shape + n)
    sum += term
  }
  return sum
}

/** By Lentz's method. */
function upperFraction(shape: number, x: number): number {
  let b = x + 1 - shape
  let c = 1 / TINY
  let d = 1 / b
  let value = d
  for (let n = 1; n < TERMS_MAX; n++) {
    const a = n * (shape - n)
    b += 2
    d = 1 / nonZero(a * d + b)
    c = nonZero(b + a / c)
    value *= c * d
    if (Math.abs(c * d - 1) < PRECISION) break
  }
  return value
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

/** ln Γ(x), x > 0: Stirling's series (DLMF 5.11.1), after moving x to where it is exact to 1e-14. */
function logGamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < 12; at++) shift += Math.log(at)
  const square = at * at
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / at
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift
}
