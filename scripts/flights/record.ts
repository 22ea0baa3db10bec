import type { Flight } from './flight.ts'

/** Avro schema of the events that `models/flight-delay` is declared for. */
export const FLIGHT_SCHEMA = {
  type: 'record',
  name: 'Flight',
  namespace: 'millrace.flights',
  doc: 'A departure, or a cancelled flight at the time it was due to depart',
  fields: [
    { name: 'flight_id', type: 'string' },
    { name: 'origin', type: 'string' },
    { name: 'dest', type: 'string' },
    { name: 'carrier', type: 'string' },
    { name: 'departed_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'dep_delay', type: ['null', 'double'], default: null },
    { name: 'distance', type: 'double' },
    { name: 'scheduled_hour', type: 'int' },
    { name: 'cancelled', type: 'boolean' },
  ],
} as const

/** A flight as its event carries it. The label is not in it: nobody knows it at departure. */
export interface FlightRecord {
  readonly flight_id: string
  readonly origin: string
  readonly dest: string
  readonly carrier: string
  readonly departed_at: number
  readonly dep_delay: number | null
  readonly distance: number
  readonly scheduled_hour: number
  readonly cancelled: boolean
}

/** The event of a flight, its fields named as `FLIGHT_SCHEMA` and `model.yaml` name them. */
export function toFlightRecord(flight: Flight): FlightRecord {
  return {
    flight_id: flight.id,
    origin: flight.origin,
    dest: flight.dest,
    carrier: flight.carrier,
    departed_at: flight.departedAtMs,
    dep_delay: flight.depDelay,
    distance: flight.distance,
    scheduled_hour: flight.scheduledHour,
    cancelled: flight.cancelled,
  }
}
