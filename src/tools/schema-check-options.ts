import { parseArgs } from 'node:util'
import { ServiceError } from '../domain/errors.ts'

/** What is typed after `millrace schema check`. */
export interface SchemaCheckOptions {
  /** `undefined`: that of the input topic. */
  readonly subject: string | undefined
  /** The Protobuf message that records name; `undefined`: the first. */
  readonly message: string | undefined
  readonly json: boolean
}

/** @throws ServiceError `CONFIG_INVALID` when it is something else */
export function parseSchemaCheck(options: readonly string[]): SchemaCheckOptions {
  const known = { json: { type: 'boolean' }, message: { type: 'string' } } as const
  try {
    const { values, positionals } = parseArgs({
      args: [...options],
      options: known,
      allowPositionals: true,
    })
    const [subject, ...more] = positionals
    if (more.length > 0) throw new Error(`unexpected "${more[0]}"`)
    return { subject, message: values.message, json: values.json === true }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ServiceError('CONFIG_INVALID', `schema check: ${why}\nSee: millrace --help`, error)
  }
}
