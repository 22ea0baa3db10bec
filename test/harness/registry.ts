import avsc from 'avsc'

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

/** Registers a schema for a topic's values. @returns its id */
export async function register(
  registryUrl: string,
  topic: string,
  schema: object,
): Promise<number> {
  const answer = await fetch(`${registryUrl}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': CONTENT_TYPE },
    body: JSON.stringify({ schema: JSON.stringify(schema) }),
  })
  const body = (await answer.json()) as { id: number }
  if (!answer.ok) throw new Error(`registry: ${answer.status} ${JSON.stringify(body)}`)
  return body.id
}

/** Encodes values of one schema in the registry's wire format. */
export function wireEncoder(id: number, schema: object): (value: object) => Buffer {
  const type = avsc.Type.forSchema(schema as avsc.Schema)
  const header = Buffer.alloc(5)
  header.writeUInt32BE(id, 1)
  return (value) => Buffer.concat([header, type.toBuffer(value)])
}

/** Decodes values in the registry's wire format, by the schemas the registry holds. */
export async function decodeAll<Value>(
  registryUrl: string,
  values: readonly (Buffer | null)[],
): Promise<Value[]> {
  const types = new Map<number, avsc.Type>()
  const decoded: Value[] = []
  for (const value of values) {
    if (value === null || value[0] !== 0) throw new Error('not in wire format')
    const id = value.readUInt32BE(1)
    const type = types.get(id) ?? (await fetchType(registryUrl, id))
    types.set(id, type)
    decoded.push(type.fromBuffer(value.subarray(5)) as Value)
  }
  return decoded
}

async function fetchType(registryUrl: string, id: number): Promise<avsc.Type> {
  const answer = await fetch(`${registryUrl}/schemas/ids/${id}`)
  const { schema } = (await answer.json()) as { schema: string }
  return avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema)
}
