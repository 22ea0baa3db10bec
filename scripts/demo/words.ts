import type { Flight } from '../flights/flight.ts'
import type { Prediction } from './read-back.ts'
import { table } from './screen.ts'

const SHOWN = 12

/** A dozen predictions, from the least to the most likely, beside what happened. */
export function inWords(
  predictions: readonly Prediction[],
  flights: ReadonlyMap<string, Flight>,
): string {
  const told = predictions
    .flatMap(({ eventId, score }) => {
      const flight = flights.get(eventId)
      return flight === undefined || flight.label === null ? [] : [{ flight, score }]
    })
    .toSorted((a, b) => a.score - b.score)
  // Even steps of the score, not of the rank: most flights are in time and would look all the same.
  const chosen = Array.from({ length: SHOWN }, (_, step) => {
    const wanted = (step + 0.5) / SHOWN
    return told.find(({ score }) => score >= wanted)
  })
  const rows = chosen.flatMap((entry) => (entry === undefined ? [] : [row(entry)]))
  return table([['flight', 'day', 'route', 'left', '30 min late?', 'arrived'], ...rows])
}

function row({ flight, score }: { readonly flight: Flight; readonly score: number }): string[] {
  const { id, carrier, origin, dest, depDelay, label } = flight
  const number = id.split('-')[4] ?? ''
  return [
    `${carrier} ${number}`,
    id.slice(0, 10),
    `${origin} → ${dest}`,
    departure(depDelay ?? 0),
    `${Math.round(score * 100)} %`,
    label === 1 ? '30 min late or more' : 'in time, or nearly',
  ]
}

function departure(minutes: number): string {
  if (minutes === 0) return 'on time'
  return minutes < 0 ? `${-minutes} min early` : `${minutes} min late`
}
