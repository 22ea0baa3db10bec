import type { FieldValue } from '../domain/event.ts'
import type { EventFeature } from '../domain/model-spec.ts'

/** Set to each event's time in turn, so that no event costs an object. */
const calendar = new Date(0)

/**
 * The value of a feature that looks at the event alone; NaN = null.
 *
 * @param field the value of the feature's input field; `undefined` for parts of event time
 */
export function eventFeature(
  feature: EventFeature,
  field: FieldValue | undefined,
  timeMs: number,
): number {
  switch (feature.operation) {
    case 'field':
      return asNumber(field)
    case 'one_hot':
      return field === feature.category ? 1 : 0
    case 'minute_of_hour':
      return localTime(feature, timeMs).getUTCMinutes()
    case 'hour_of_day':
      return localTime(feature, timeMs).getUTCHours()
    case 'day_of_week':
      // ISO 8601: Monday is 1, Sunday 7.
      return localTime(feature, timeMs).getUTCDay() || 7
    case 'day_of_month':
      return localTime(feature, timeMs).getUTCDate()
    case 'month':
      return localTime(feature, timeMs).getUTCMonth() + 1
  }
}

/** A field as a number: true is 1, false is 0, null is NaN; a string, where only null-ness counts, 0. */
export function asNumber(field: FieldValue | undefined): number {
  // Adding 0 turns −0 into 0, so that equal inputs have equal bits.
  if (typeof field === 'number') return field + 0
  if (field === null || field === undefined) return NaN
  return field === true ? 1 : 0
}

function localTime(feature: EventFeature, timeMs: number): Date {
  calendar.setTime(timeMs + (feature.utcOffsetMs ?? 0))
  return calendar
}
