import { ServiceError } from '../../domain/errors.ts'
import type { Letter } from './letter.ts'

/** Whether a letter has a value; the values asked for are never empty. */
type Test = (letter: Letter, value: string) => boolean

/** What letters are chosen by. */
export const CONDITIONS = {
  reason: { says: 'why it was turned down', test: ({ reason }, value) => reason === value },
  stage: { says: 'decode, features or inference', test: ({ stage }, value) => stage === value },
  schema: {
    says: 'registry id of its schema; none: it has none',
    test: ({ schemaId }, value) => String(schemaId ?? 'none') === value,
  },
  key: {
    says: 'its record key, as text; none: it has none',
    test: ({ record }, value) => (record.key === null ? 'none' : String(record.key)) === value,
  },
  partition: {
    says: 'partition it was read from',
    test: ({ source }, value) => String(source.partition) === value,
  },
  offset: {
    says: 'offset it was read from',
    test: ({ source }, value) => String(source.offset) === value,
  },
  model: {
    says: 'name or name@version of the model it was meant for',
    test: ({ model }, value) => model.name === value || `${model.name}@${model.version}` === value,
  },
  since: {
    says: 'turned down at this time or later, ISO 8601',
    test: ({ failedAtMs }, value) => failedAtMs >= Date.parse(value),
  },
  until: {
    says: 'turned down before this time, ISO 8601',
    test: ({ failedAtMs }, value) => failedAtMs < Date.parse(value),
  },
} as const satisfies Readonly<Record<string, { readonly says: string; readonly test: Test }>>

/** Chooses letters. */
export type Filter = (letter: Letter) => boolean

/**
 * Reads conditions `name=value`. A letter is chosen when each name that is given has one of its values.
 *
 * @throws ServiceError `CONFIG_INVALID` naming what is wrong
 */
export function parseFilter(conditions: readonly string[]): Filter {
  const wanted = new Map<string, { readonly test: Test; readonly values: string[] }>()
  for (const condition of conditions) {
    const [, name = '', value = ''] = /^([a-z]+)=(.+)$/s.exec(condition) ?? []
    const known: readonly [string, { readonly test: Test }] | undefined = Object.entries(
      CONDITIONS,
    ).find(([each]) => each === name)
    if (known === undefined) throw wrong(condition)
    if ((name === 'since' || name === 'until') && Number.isNaN(Date.parse(value)))
      throw new ServiceError('CONFIG_INVALID', `--where ${name} must be a time, got "${value}"`)
    const values = wanted.get(name)?.values ?? []
    values.push(value)
    wanted.set(name, { test: known[1].test, values })
  }
  const tests = [...wanted.values()]
  return (letter) => tests.every(({ test, values }) => values.some((value) => test(letter, value)))
}

function wrong(condition: string): ServiceError {
  const names = Object.keys(CONDITIONS).join(', ')
  const message = `--where must be NAME=VALUE, with NAME one of ${names}, got "${condition}"`
  return new ServiceError('CONFIG_INVALID', message)
}
