import type { Event, FieldValue } from '../../src/domain/event.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { monthOf } from '../flights/flight.ts'
import type { Flight } from '../flights/flight.ts'
import { readFlights } from '../flights/flights.ts'
import { toFlightRecord } from '../flights/record.ts'
import type { Example } from './rows.ts'
import type { Plan } from './plan.ts'

/** Months from here on are kept from training. */
const TEST_FROM_MONTH = 10

/** All flights of the year, as the events of `models/flight-delay`. */
export async function flightDelayPlan(spec: ModelSpec): Promise<Plan> {
  const flights = await readFlights()
  const columns = spec.features.map(({ name }) => name)
  const windows = new Set(
    spec.features.filter(({ kind }) => kind === 'window').map(({ name }) => name),
  )
  return {
    examples: flightExamples(spec, flights),
    isTest: (index) => monthOf(at(flights, index)) >= TEST_FROM_MONTH,
    parameters: {
      n_estimators: 150,
      num_leaves: 31,
      learning_rate: 0.06,
      min_child_samples: 200,
      subsample: 0.8,
      subsample_freq: 1,
      colsample_bytree: 0.8,
    },
    baselines: {
      'own delay alone': ['dep_delay'],
      'no window features': columns.filter((name) => !windows.has(name)),
    },
  }
}

/** Flights as events, in their order. */
export function flightExamples(spec: ModelSpec, flights: readonly Flight[]): Example[] {
  return flights.map((flight) => ({
    event: eventOf(spec, flight),
    label: flight.label ?? undefined,
  }))
}

function eventOf(spec: ModelSpec, flight: Flight): Event {
  const record = toFlightRecord(flight)
  const fields = new Map<string, FieldValue>(Object.entries(record))
  return {
    key: record.origin,
    id: record.flight_id,
    timeMs: record.departed_at,
    values: spec.event.fields.map(({ name }) => fields.get(name) ?? null),
  }
}

function at(flights: readonly Flight[], index: number): Flight {
  const flight = flights[index]
  if (flight === undefined) throw new RangeError(`no flight ${index}`)
  return flight
}
