/** What the last seconds were like, for people. Latency is from record timestamp to commit. */
export interface RecentFigures {
  /** Whole seconds that the rates below are taken over; 0 before the first second is over. */
  readonly overSeconds: number
  /** Records committed a second. */
  readonly recordsPerSecond: number
  /** Milliseconds, told as a histogram's quantile is; `undefined` when nothing was committed. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  /** By second, oldest first, up to the last whole second. */
  readonly perSecond: {
    readonly records: readonly number[]
    /** `null` for a second in which nothing was committed. */
    readonly p99Ms: readonly (number | null)[]
  }
}

/** How many values fell between bounds. */
export interface Histogram {
  /** Inclusive upper bounds, ascending. */
  readonly bounds: readonly number[]
  /** One more than `bounds`: the last counts what lies above all of them. */
  readonly counts: readonly number[]
}

/** How far what the model sees, and says, has moved from what it was trained on. */
export interface DriftFigures {
  readonly window: { readonly isComplete: boolean; readonly records: number }
  /** Features, then scores. */
  readonly series: readonly {
    readonly kind: 'feature' | 'score'
    readonly name: string
    /** Population stability index. */
    readonly psi: number
    /** Above it, it is drift; `null` where there is none to judge by. */
    readonly threshold: number | null
    readonly verdict: 'steady' | 'drift' | 'unjudged'
    /** Numbers: `missing`, `below`, the bins in order by their upper bound, `above`. */
    readonly cells: readonly {
      readonly label: string
      readonly count: number
      /** Share in the training data. */
      readonly share: number
    }[]
  }[]
}
