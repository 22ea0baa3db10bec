/** Seed of every property; set the environment variable `SEED` to run a failed one again. */
export const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

console.log(`SEED=${SEED}`)
