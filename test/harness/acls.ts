import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { FrameSplitter } from '../../scripts/torture/frames.ts'

const TEMPLATE = resolve(import.meta.dirname, '../../helm/millrace/templates/strimzi.yaml')
/** Requests and numbers of Kafka's protocol; the client library knows nothing of rights. */
const CREATE_ACLS = 30
const DELETE_ACLS = 31
const RESOURCES = { topic: 2, group: 3, transactionalId: 5 } as const
const PATTERNS = { literal: 3, prefix: 4 } as const
const OPERATIONS = { Read: 3, Write: 4, Create: 5, Delete: 6, Describe: 8, DescribeConfigs: 10 }
const ALLOW = 3

/** A right: what may be done to which resource. */
export interface Right {
  readonly type: keyof typeof RESOURCES
  readonly name: string
  readonly pattern: keyof typeof PATTERNS
  readonly operation: keyof typeof OPERATIONS
}

/** What the names of the chart's list of rights stand for. */
export interface ChartNames {
  readonly appId: string
  readonly input: string
  readonly outputs: readonly string[]
  readonly state: string
}

/**
 * The rights that the chart gives its Kafka user, read from the template itself.
 *
 * @throws Error when a line of it is not understood
 */
export function chartRights({ appId, input, outputs, state }: ChartNames): Right[] {
  const text = readFileSync(TEMPLATE, 'utf8')
  const list = text.slice(text.indexOf('    acls:\n'))
  const names: Readonly<Record<string, readonly string[]>> = {
    '{{ $input }}': [input],
    '{{ . }}': outputs,
    '{{ include "millrace.stateTopic" $ }}': [state],
    '{{ $appId }}': [appId],
    '{{ $appId }}-': [`${appId}-`],
  }
  const entry =
    /- resource: \{ type: (\w+), name: (.+), patternType: (\w+) \}\n +operations: \[([\w, ]+)\]/g
  const found = [...list.matchAll(entry)]
  if (found.length !== list.split('- resource:').length - 1) throw new Error('a line is not read')
  return found.flatMap(([, type, name = '', pattern, operations = '']) =>
    (names[name] ?? []).flatMap((each) =>
      operations.split(', ').map((operation) => rightOf({ type, name: each, pattern, operation })),
    ),
  )
}

function rightOf(said: Readonly<Record<keyof Right, string | undefined>>): Right {
  const isKnown =
    (said.type ?? '') in RESOURCES &&
    (said.pattern ?? '') in PATTERNS &&
    (said.operation ?? '') in OPERATIONS
  if (!isKnown) throw new Error(`no such right: ${JSON.stringify(said)}`)
  return said as Right
}

/** Gives a user rights, as the super user that comes by the plain port. */
export async function grant(port: number, user: string, rights: readonly Right[]): Promise<void> {
  const answer = await ask(port, CREATE_ACLS, [
    int32(rights.length),
    ...rights.flatMap((right) => fieldsOf(user, right)),
  ])
  const count = answer.readInt32BE(4)
  if (count !== rights.length || answer.readInt16BE(8) !== 0) throw new Error('ACLs: refused')
}

/** Takes a right away again; from then on it is refused. @throws Error when it was not there */
export async function revoke(port: number, user: string, right: Right): Promise<void> {
  const answer = await ask(port, DELETE_ACLS, [int32(1), ...fieldsOf(user, right)])
  const matching = answer.readInt32BE(8 + 2 + 2)
  if (answer.readInt16BE(8) !== 0 || matching !== 1) throw new Error(`${right.name}: no such ACL`)
}

function fieldsOf(user: string, { type, name, pattern, operation }: Right): Buffer[] {
  return [
    int8(RESOURCES[type]),
    string(name),
    int8(PATTERNS[pattern]),
    string(`User:${user}`),
    string('*'),
    int8(OPERATIONS[operation]),
    int8(ALLOW),
  ]
}

/** One request, version 1. @returns the answer's body, throttle time first */
async function ask(port: number, apiKey: number, body: readonly Buffer[]): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    const request = Buffer.concat([int16(apiKey), int16(1), int32(1), string('acls'), ...body])
    socket.write(Buffer.concat([int32(request.length), request]))
    const splitter = new FrameSplitter()
    for await (const chunk of socket) {
      const [frame] = splitter.push(chunk as Buffer)
      // Length and correlation id.
      if (frame !== undefined) return frame.subarray(8)
    }
    throw new Error('the broker hung up')
  } finally {
    socket.destroy()
  }
}

function int8(value: number): Buffer {
  return Buffer.from([value])
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(text: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])
}
