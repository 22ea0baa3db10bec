import type { Offer, ValueKind } from '../decode/schema-codec.ts'
import type { EventField, EventMapping } from '../domain/model-spec.ts'

/** How a schema fits a model. */
export interface Fit {
  /** Why none of its records can become an event. */
  readonly breaks: readonly string[]
  /** What some of its records may lack: those become dead letters, or have a null. */
  readonly warnings: readonly string[]
}

interface Need {
  readonly accepts: readonly ValueKind[]
  /** Completes "must be …". */
  readonly rule: string
  readonly isOptional: boolean
}

const FIELD_NEEDS: Readonly<Record<EventField['type'], Omit<Need, 'isOptional'>>> = {
  int: { accepts: ['integer', 'number'], rule: 'an integer' },
  long: { accepts: ['integer', 'number'], rule: 'an integer' },
  double: { accepts: ['integer', 'number'], rule: 'a number' },
  string: { accepts: ['string'], rule: 'a string' },
  boolean: { accepts: ['boolean'], rule: 'a boolean' },
}
const NAME: Need = {
  accepts: ['string', 'integer', 'number'],
  rule: 'a string or an integer',
  isOptional: false,
}
const UNSAID: readonly ValueKind[] = ['null', 'absent', 'any']

/**
 * What a schema's offers mean for a model.
 *
 * @param fields what decoding looks up, in the order of the offers
 */
export function fitOf(
  mapping: EventMapping,
  fields: readonly { readonly name: string }[],
  offers: readonly Offer[],
): Fit {
  const breaks: string[] = []
  const warnings: string[] = []
  fields.forEach(({ name }, slot) => {
    const offer = offers[slot] ?? new Set()
    for (const need of needsOf(mapping, name)) judge(name, offer, need, { breaks, warnings })
  })
  return { breaks, warnings }
}

function judge(
  name: string,
  offer: Offer,
  { accepts, rule, isOptional }: Need,
  told: { readonly breaks: string[]; readonly warnings: string[] },
): void {
  if (offer.size === 0) {
    const list = isOptional ? told.warnings : told.breaks
    list.push(`there is no field "${name}"${isOptional ? ': it is null always' : ''}`)
    return
  }
  const said = [...offer].filter((kind) => !UNSAID.includes(kind))
  const wrong = said.filter((kind) => !accepts.includes(kind))
  const isHopeless = said.length > 0 && wrong.length === said.length && !offer.has('any')
  const claim = `field "${name}" must be ${rule}`
  if (wrong.length > 0) {
    const list = isHopeless ? told.breaks : told.warnings
    list.push(`${claim}, ${isHopeless ? 'is' : 'may be'} ${wrong.join(' or ')}`)
  }
  const isFraction = rule.endsWith('integer') && said.includes('number')
  if (isFraction) told.warnings.push(`${claim}, may be a fraction`)
  const lacks = [...offer].filter((kind) => kind === 'null' || kind === 'absent')
  if (lacks.length > 0 && !isOptional) {
    told.warnings.push(`${claim}, may be ${lacks.toSorted().join(' or ')}`)
  }
}

/** A field may be mapped more than once. */
function needsOf(mapping: EventMapping, name: string): readonly Need[] {
  const { key, time, id, fields } = mapping
  const isName = [key, id].some((part) => part.from === 'field' && part.field === name)
  return [
    ...(isName ? [NAME] : []),
    ...(time.from === 'field' && time.field === name ? [timeNeed(time.unit)] : []),
    ...fields
      .filter((field) => field.name === name)
      .map(({ type, optional }) => ({ ...FIELD_NEEDS[type], isOptional: optional })),
  ]
}

function timeNeed(unit: 'ms' | 's' | 'iso8601'): Need {
  if (unit === 'iso8601')
    return { accepts: ['string'], rule: 'an ISO 8601 time', isOptional: false }
  const accepts: readonly ValueKind[] = ['integer', 'number']
  return { accepts, rule: unit === 'ms' ? 'ms as an integer' : 'seconds', isOptional: false }
}
