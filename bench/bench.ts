import type { KnownOptions, OptionValues } from '../scripts/options.ts'
import type { Cluster } from './cluster.ts'
import type { Progress } from './progress.ts'
import type { Measured } from './result.ts'

/** What every benchmark is given. */
export interface Context<Known extends KnownOptions> {
  readonly options: OptionValues<Known>
  /** Less work, for a look. */
  readonly isQuick: boolean
  /** Rounds that were asked for. */
  readonly rounds: number | undefined
  readonly screen: Progress
  /** The broker and the registry; started when first asked for. */
  cluster(): Promise<Cluster>
}

/** One benchmark, by the name that is typed. */
export interface Bench<Known extends KnownOptions = KnownOptions> {
  /** A line of the list. */
  readonly summary: string
  /** What `--help` says of it, its own options included. */
  readonly help: string
  readonly options: Known
  /** Measures. A result that tells problems is not correct. @throws Error when it cannot be measured */
  run(context: Context<Known>): Promise<readonly Measured[]>
}
