import type { Flight } from '../scripts/flights/flight.ts'
import { flightEncoder } from '../scripts/demo/replay.ts'
import type { InputEvent } from './events.ts'

/** One year of flights after the other, 53 weeks apart: none is late, days of the week stay where they are. */
const YEAR_MS = 371 * 86_400_000

/** The flights of 2013 as events of `models/flight-delay`, year after year, keyed by airport. */
export class FlightGenerator {
  readonly #flights: readonly Flight[]
  readonly #encode: (flight: Flight) => Buffer
  #sequence = 0

  /** @param flights in order of departure, of less than 371 days */
  constructor(flights: readonly Flight[], schemaId: number) {
    this.#flights = flights
    this.#encode = flightEncoder(schemaId)
  }

  next(): InputEvent {
    const year = Math.floor(this.#sequence / this.#flights.length)
    const flight = this.#flights[this.#sequence++ % this.#flights.length]
    if (flight === undefined) throw new Error('there are no flights')
    const id = `${year}-${flight.id}`
    const departedAtMs = flight.departedAtMs + year * YEAR_MS
    const value = this.#encode({ ...flight, id, departedAtMs })
    return { key: Buffer.from(flight.origin), value, fate: 'predicted' }
  }
}
