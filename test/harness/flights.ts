import { readFlights } from '../../scripts/flights/flights.ts'
import type { Flight } from '../../scripts/flights/flight.ts'
import { FLIGHT_SCHEMA, toFlightRecord } from '../../scripts/flights/record.ts'
import type { Bed } from './bed.ts'
import type { NewRecord } from './kafka.ts'
import { register, wireEncoder } from './registry.ts'

/** Partitions of the topics of a test with flights: an airport each. */
export const FLIGHT_PARTITIONS = 3

const AIRPORTS = ['EWR', 'JFK', 'LGA']

/** The first flights of the year, in order of departure. */
export async function firstFlights(count: number): Promise<Flight[]> {
  return (await readFlights()).slice(0, count)
}

/** The partition a flight is written to. */
export function partitionOf({ origin }: Flight): number {
  return AIRPORTS.indexOf(origin)
}

/** Flights as records of a bed's input topic, their schema registered. */
export async function flightRecords(
  { registryUrl, topics }: Bed,
  flights: readonly Flight[],
): Promise<NewRecord[]> {
  const id = await register(registryUrl, topics.input, FLIGHT_SCHEMA)
  const encode = wireEncoder(id, FLIGHT_SCHEMA)
  return flights.map((flight) => ({
    partition: partitionOf(flight),
    key: flight.origin,
    value: encode(toFlightRecord(flight)),
  }))
}
