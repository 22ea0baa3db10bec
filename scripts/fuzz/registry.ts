import type { RegisteredSchema, SchemaClient } from '../../src/decode/schema-source.ts'
import { Random } from '../../test/simulation/random.ts'
import type { FuzzFormat } from './formats.ts'
import { randomAvro } from './random-avro.ts'
import type { RandomSchema } from './random-avro.ts'
import { randomProto } from './random-proto.ts'

/** Ids from here on are of schemas that are made up from their id. */
const MADE_UP_FROM = 2 ** 30
const MADE_UP_TO = 2 ** 31 - 1

/** The id of a schema that is made up for a case. */
export function madeUpId(seed: number): number {
  return MADE_UP_FROM + (seed % (MADE_UP_TO - MADE_UP_FROM))
}

/** The schema that is made up from an id: Avro or Protobuf, in turn. */
export function madeUp(id: number): RandomSchema & { readonly schemaType: string } {
  const random = new Random(id)
  return id % 2 === 0
    ? { ...randomAvro(random), schemaType: 'AVRO' }
    : { ...randomProto(random), schemaType: 'PROTOBUF' }
}

/** The bytes of the GUID that stands for an id. */
export function guidOf(id: number): Buffer {
  const guid = Buffer.alloc(16)
  guid.writeInt32BE(id, 12)
  return guid
}

/** A registry that knows the formats and what is made up, and says of nothing else that it does. */
export function fuzzRegistry(formats: readonly FuzzFormat[]): SchemaClient {
  const unknown = Object.assign(new Error('not found'), { status: 404, errorCode: 40_403 })
  const find = async (id: number): Promise<RegisteredSchema> => {
    const format = id >= MADE_UP_FROM ? madeUp(id) : formats.find((each) => each.id === id)
    if (format === undefined || id < 0) throw unknown
    return { schema: format.schema, schemaType: format.schemaType }
  }
  return {
    getBySubjectAndId: (_subject, id) => find(id),
    getByGuid: (guid) =>
      find(/^[0-]+([0-9a-f]{8})$/.test(guid) ? parseInt(guid.slice(-8), 16) : -1),
    getSchemaMetadata: () => find(-1),
    getVersion: async () => 1,
    clearCaches: () => undefined,
  }
}
