import { z } from 'zod'
import { EXIT, ServiceError } from '../../domain/errors.ts'
import type { Header, InputRecord } from '../../domain/record.ts'
import { OutputBatch } from '../../sink/output-batch.ts'
import { CoordinateSet } from './coordinates.ts'
import type { Filter } from './filter.ts'
import { readEntry } from './letter.ts'
import type { Queued } from './queue.ts'
import { summaryOf } from './summary.ts'
import type { Workbench } from './workbench.ts'
import { writeTogether } from './write-together.ts'

/** Most lines of one transaction. */
const TRANSACTION_LINES = 100
/** Longest line, in characters: room for a record of 10 MB. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'))

/** One exported letter. What is not named here is for people, and not read back. */
const exported = z.object({
  partition: z.int().min(0),
  keyBase64: base64.nullable(),
  valueBase64: base64.nullable(),
  recordHeaders: z.array(z.tuple([z.string(), base64])),
})

/** Writes letters as NDJSON, a line each, bytes as base64. @returns the exit status */
export async function exportLetters(
  bench: Workbench,
  { filter, all }: { readonly filter: Filter; readonly all: boolean },
): Promise<number> {
  const queue = await bench.queue()
  for await (const batch of queue.letters()) {
    const chosen = batch.filter(({ letter, isReplayed }) => (all || !isReplayed) && filter(letter))
    bench.print(chosen.map((queued) => `${JSON.stringify(lineOf(queued))}\n`).join(''))
  }
  return EXIT.ok
}

function lineOf(queued: Queued) {
  const { record } = queued.letter
  return {
    ...summaryOf(queued),
    partition: record.partition,
    keyBase64: record.key?.toString('base64') ?? null,
    valueBase64: record.value?.toString('base64') ?? null,
    recordHeaders: (record.headers ?? []).flatMap((header) =>
      Object.entries(header).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    ),
  }
}

/**
 * Writes exported letters back to the dead-letter topic, in transactions. A letter that is there already, or
 * whose replay is recorded there, is passed over. @returns the exit status
 */
export async function importLetters(
  bench: Workbench,
  { json }: { readonly json: boolean },
): Promise<number> {
  const producer = await bench.producer()
  const queue = await bench.queue()
  const known = new CoordinateSet()
  for await (const batch of queue.letters())
    for (const { letter } of batch) known.add(letter.source)
  const counts = { imported: 0, known: 0 }
  let open: InputRecord[] = []
  const flush = async (): Promise<void> => {
    const records = open
    open = []
    if (records.length === 0) return
    const batch = new OutputBatch()
    for (const { topic, partition, key, value, headers = [] } of records) {
      batch.add({ topic, partition, key, value, headers })
    }
    await writeTogether(producer, batch, bench.clock)
    counts.imported += records.length
  }
  let number = 0
  for await (const line of bench.lines()) {
    number += 1
    if (line.trim() === '') continue
    const record = parseLine(line, { number, bench })
    const entry = readEntry(record)
    if (entry.kind !== 'letter') throw wrong(number, 'is no dead letter of Millrace')
    if (entry.letter.appId !== bench.appId)
      throw wrong(number, `is a letter of "${entry.letter.appId}", not of "${bench.appId}"`)
    if (queue.bounds(record.partition) === undefined)
      throw wrong(number, `has partition ${record.partition}, which the dead-letter topic has not`)
    const { source } = entry.letter
    if (known.has(source) || queue.replayed.has(source)) {
      counts.known += 1
      continue
    }
    known.add(source)
    open.push(record)
    if (open.length >= TRANSACTION_LINES) await flush()
  }
  await flush()
  const { imported, known: passed } = counts
  const text = `${imported} letters were imported; ${passed} were there already\n`
  bench.print(json ? `${JSON.stringify(counts)}\n` : text)
  return EXIT.ok
}

function parseLine(
  line: string,
  { number, bench }: { readonly number: number; readonly bench: Workbench },
): InputRecord {
  if (line.length > LINE_LENGTH_MAX)
    throw wrong(number, `must have at most ${LINE_LENGTH_MAX} characters`)
  const { partition, keyBase64, valueBase64, recordHeaders } = parseExported(line, number)
  const headers: Header[] = recordHeaders.map(([name, value]) => ({ [name]: value }))
  const at = { topic: bench.deadLetterTopic, partition, offset: 0, timestamp: -1 }
  return { ...at, key: keyBase64, value: valueBase64, headers }
}

function parseExported(line: string, number: number): z.infer<typeof exported> {
  try {
    return exported.parse(JSON.parse(line))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
    throw wrong(number, `must be a line that \`millrace dlq export\` wrote: ${why}`)
  }
}

function wrong(number: number, problem: string): ServiceError {
  return new ServiceError('CONFIG_INVALID', `line ${number} ${problem}`)
}
