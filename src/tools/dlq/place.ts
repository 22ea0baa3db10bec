import { ServiceError } from '../../domain/errors.ts'
import type { Letter } from './letter.ts'
import type { Place } from './queue.ts'

/** The name of a letter for people: where it lies on the dead-letter topic, `partition:offset`. */
export function nameOf({ record }: Letter): string {
  return `${record.partition}:${record.offset}`
}

/** Reads such a name. @throws ServiceError `CONFIG_INVALID` */
export function parsePlace(text: string): Place {
  const [, partition, offset] = /^(\d{1,9}):(\d{1,15})$/.exec(text) ?? []
  if (partition === undefined || offset === undefined) {
    const message = `a dead letter is named PARTITION:OFFSET, such as 0:41, got "${text}"`
    throw new ServiceError('CONFIG_INVALID', message)
  }
  return { partition: Number(partition), offset: Number(offset) }
}
