import type { Event } from '../../src/domain/event.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { computeRows } from './rows.ts'
import type { Example } from './rows.ts'
import type { Plan } from './plan.ts'

const USERS = 400
const EVENTS = 60_000
const TEST_FROM = 45_000
/** Event time between two events. */
export const ENGAGEMENT_STEP_MS = 4_000
const ACTIONS = ['view', 'click', 'buy'] as const
const SEED = 7

/**
 * Made-up users: the busier within the last hour, and the larger what they did, the likelier they
 * stay. The label is drawn from a rule on the features themselves, so the model shows the way and
 * nothing more.
 */
export function engagementPlan(spec: ModelSpec): Plan {
  const random = mulberry32(SEED)
  const unlabelled = Array.from({ length: EVENTS }, (_, index): Example => {
    return { event: engagementEvent(spec, index, random), label: 0 }
  })
  const { values, columns } = computeRows(spec, unlabelled)
  const examples = unlabelled.map(({ event }, index): Example => {
    const count = values[index * columns] ?? 0
    const average = values[index * columns + 1] ?? 0
    const logit = -2 + 0.8 * Math.log1p(count) + 0.06 * Math.min(average, 30)
    return { event, label: random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0 }
  })
  return {
    examples,
    isTest: (index) => index >= TEST_FROM,
    parameters: { n_estimators: 30, num_leaves: 8, learning_rate: 0.15, min_child_samples: 200 },
    baselines: { 'count alone': ['event_count_1h'] },
  }
}

/** Event number `index` of a stream that never changes. */
export function engagementEvent(spec: ModelSpec, index: number, random: () => number): Event {
  const user = Math.floor(USERS * random() ** 3)
  const value = Math.round(-1_000 * Math.log(1 - random())) / 100
  const action = ACTIONS[Math.floor(random() * ACTIONS.length)] ?? 'view'
  const values = spec.event.fields.map(({ name }) => (name === 'value' ? value : action))
  const timeMs = 1_700_000_000_000 + index * ENGAGEMENT_STEP_MS
  return { key: `u${user}`, id: `${index}`, timeMs, values }
}

/** Random numbers in [0, 1) of 32 bits. Source: Tommy Ettinger's mulberry32, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
