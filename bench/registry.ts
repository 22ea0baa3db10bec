import avsc from 'avsc'

const JSON_TYPE = 'application/vnd.schemaregistry.v1+json'

/** Registers the schema of a topic's values; its id. */
export async function registerSchema(
  registryUrl: string,
  topic: string,
  schema: string,
): Promise<number> {
  const { id } = await ask<{ id: number }>(`${registryUrl}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE },
    body: JSON.stringify({ schema }),
  })
  return id
}

/** Decodes Avro records in registry wire format; each writer's schema is asked for once. */
export class RecordReader {
  readonly #registryUrl: string
  readonly #types = new Map<number, avsc.Type>()

  constructor(registryUrl: string) {
    this.#registryUrl = registryUrl
  }

  /** Gets the schema of a record, so that `read` knows it. */
  async learn(value: Buffer): Promise<void> {
    const id = value.readUInt32BE(1)
    if (this.#types.has(id)) return
    const { schema } = await ask<{ schema: string }>(`${this.#registryUrl}/schemas/ids/${id}`, {})
    this.#types.set(id, avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema))
  }

  /** Gets the newest schema of a subject, so that `read` knows it. */
  async learnSubject(subject: string): Promise<void> {
    const url = `${this.#registryUrl}/subjects/${subject}/versions/latest`
    const { id, schema } = await ask<{ id: number; schema: string }>(url, {})
    this.#types.set(id, avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema))
  }

  /** The text in one field. @throws Error when the schema was not learned or the field is no text */
  textOf(value: Buffer, field: string): string {
    const record = this.recordOf(value)
    const text = record[field]
    if (typeof text === 'string') return text
    throw new Error(`field ${field} must be text, got ${JSON.stringify(record)}`)
  }

  /** The whole record. @throws Error when the schema was not learned */
  recordOf(value: Buffer): Readonly<Record<string, unknown>> {
    const id = value.readUInt32BE(1)
    const type = this.#types.get(id)
    if (type === undefined) throw new Error(`schema ${id} was not learned`)
    return type.fromBuffer(value.subarray(5)) as Readonly<Record<string, unknown>>
  }
}

async function ask<Answer>(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, request)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: status ${response.status}: ${text}`)
  return JSON.parse(text) as Answer
}
