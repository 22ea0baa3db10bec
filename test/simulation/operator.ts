import type { ServiceError } from '../../src/domain/errors.ts'
import type { CommitWatch } from './commit-watch.ts'
import { OTHER_SPEC, SPEC } from './model.ts'
import { BREAKER } from './settings.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** After so many of either, somebody looks and decides that the stream is to go on. */
const REFUSALS_MAX = 3
const TRIPS_MAX = 4
const MISMATCHES_MAX = 2
/** Of the looks, some forty for each instance. */
const CHANGE_SHARE = 0.05

/** Who reads the logs of the service, and starts it with other settings when it asks for that. */
export class Operator {
  readonly #world: World
  readonly #watch: CommitWatch
  #settings: Settings = {
    onGap: 'refuse',
    onMismatch: 'refuse',
    spec: SPEC,
    ratioMax: BREAKER.ratioMax,
  }
  #refusals = 0
  #mismatches = 0
  #trips = 0

  constructor(world: World, watch: CommitWatch) {
    this.#world = world
    this.#watch = watch
  }

  /** What an instance must run with now; one that was started with others is to be stopped. */
  get settings(): Settings {
    return this.#settings
  }

  /** Looks after an instance, and may bring another model, once. */
  look(): void {
    if (this.#settings.spec !== SPEC || !this.#world.fault('model-changed', CHANGE_SHARE)) return
    this.#settings = { ...this.#settings, spec: OTHER_SPEC }
    // What the changelog holds is of no use to it.
    this.#watch.allowed.otherState = true
    this.#world.note('the operator brings another model')
  }

  ended({ code, message }: ServiceError): void {
    if (code === 'STATE_MISMATCH' && ++this.#mismatches === MISMATCHES_MAX) {
      this.#settings = { ...this.#settings, onMismatch: 'rebuild' }
      this.#world.note('the operator has state rebuilt')
    }
    if (code !== 'STATE_GAP') return
    this.#world.reach(message.includes('past the end') ? 'log-end-missing' : 'gap-refused')
    if (++this.#refusals < REFUSALS_MAX || this.#watch.allowed.gaps) return
    this.#watch.allowed.gaps = true
    this.#settings = { ...this.#settings, onGap: 'accept' }
    this.#world.note('the operator accepts gaps')
  }

  tripped(): void {
    this.#world.reach('breaker-tripped')
    if (++this.#trips < TRIPS_MAX || this.#watch.allowed.floods) return
    this.#watch.allowed.floods = true
    this.#settings = { ...this.#settings, ratioMax: 1 }
    this.#world.note('the operator lets dead letters through')
  }

  breakerClosed(): void {
    if (!this.#watch.allowed.floods) this.#world.reach('breaker-closed')
  }
}
