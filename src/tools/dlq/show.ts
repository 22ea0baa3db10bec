import type { RawField } from '../../decode/port.ts'
import { readSchemaHeader } from '../../decode/wire-format.ts'
import { EXIT } from '../../domain/errors.ts'
import { formatTable } from '../table.ts'
import { formatCoordinates } from './coordinates.ts'
import { hexDump } from './hex.ts'
import type { Verdict } from './judge.ts'
import { offendingByte } from './offending-byte.ts'
import type { Place, Queued } from './queue.ts'
import { summaryOf } from './summary.ts'
import type { Workbench } from './workbench.ts'

/** One letter with all that is known of it. @returns the exit status */
export async function show(
  bench: Workbench,
  { place, json }: { readonly place: Place; readonly json: boolean },
): Promise<number> {
  const queue = await bench.queue()
  let found: Queued | undefined
  for await (const batch of queue.letters(place)) {
    found = batch.find(
      ({ letter: { record } }) =>
        record.partition === place.partition && record.offset === place.offset,
    )
    break
  }
  if (found === undefined) {
    bench.note(`no dead letter of "${bench.appId}" at ${place.partition}:${place.offset}\n`)
    return EXIT.incomplete
  }
  const judge = await bench.judge()
  const isOurs = judge.isOurs(found.letter)
  const [judged] = isOurs ? await judge.judge([found.letter]) : []
  const verdict = judged?.verdict
  const fields = isOurs ? await judge.rawFields(found.letter) : []
  bench.print(json ? jsonOf(found, verdict, fields) : textOf(found, verdict, fields))
  return EXIT.ok
}

function jsonOf(queued: Queued, verdict: Verdict | undefined, fields: readonly RawField[]): string {
  const { record, headers } = queued.letter
  const shown = {
    ...summaryOf(queued),
    now: verdict ?? null,
    fields: Object.fromEntries(fields.map(({ name, value }) => [name, textOfValue(value)])),
    offendingByte: byteOf(queued, verdict) ?? null,
    keyBase64: record.key?.toString('base64') ?? null,
    valueBase64: record.value?.toString('base64') ?? null,
    headers: headers.flatMap((header) =>
      Object.entries(header).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    ),
  }
  return `${JSON.stringify(shown, undefined, 2)}\n`
}

function textOf(queued: Queued, verdict: Verdict | undefined, fields: readonly RawField[]): string {
  const { letter, isReplayed } = queued
  const { record, model, timestampMs } = letter
  const rows = [
    ['reason', `${letter.reason}, at ${letter.stage}`],
    ['detail', letter.detail],
    ['turned down', `${iso(letter.failedAtMs)}, attempt ${letter.replays + 1}`],
    ['read from', `${formatCoordinates(letter.source)}, timestamp ${iso(timestampMs)}`],
    ['began as', formatCoordinates(letter.origin)],
    ['schema', String(letter.schemaId ?? 'none')],
    ['model', `${model.name} ${model.version}`],
    ['key', record.key === null ? 'none' : JSON.stringify(String(record.key))],
    ...letter.headers.flatMap((header) =>
      Object.entries(header).map(([name, value]) => [
        `header ${name}`,
        JSON.stringify(String(value)),
      ]),
    ),
    ['state', isReplayed ? 'replayed' : 'waits'],
    ['now', nowText(verdict)],
    ...eventRows(verdict),
    ...fields.map(({ name, value }) => [`field ${name}`, textOfValue(value)]),
  ]
  const value = record.value === null ? 'no value' : hexDump(record.value, byteOf(queued, verdict))
  return `${formatTable(rows)}\n${value}`
}

function eventRows(verdict: Verdict | undefined): string[][] {
  if (verdict === undefined || !('event' in verdict)) return []
  const { key, timeMs, id } = verdict.event
  return [['event', `key ${JSON.stringify(key)}, time ${iso(timeMs)}, id ${JSON.stringify(id)}`]]
}

/** A value as people read it, telling text from numbers; JSON has no NaN and no infinity. */
function textOfValue(value: unknown): string {
  const isNumber = typeof value === 'bigint' || typeof value === 'number'
  return isNumber ? String(value) : JSON.stringify(value)
}

function nowText(verdict: Verdict | undefined): string {
  switch (verdict?.kind) {
    case 'pass':
      return 'it would pass'
    case 'late':
      return `it would be late by ${verdict.byMs} ms`
    case 'skipped':
      return 'it would be skipped, as TOMBSTONES says'
    case 'unsure':
      return 'it decodes and is in time; whether the model takes it now shows when it is replayed'
    case 'fail':
      return `it would fail again: ${verdict.letter.reason}: ${verdict.letter.detail}`
    case undefined:
      return 'it did not come from INPUT_TOPIC'
  }
}

function byteOf({ letter }: Queued, verdict: Verdict | undefined): number | undefined {
  if (verdict?.kind !== 'fail') return undefined
  // Where the schema is named in a header, decoding counts its message indexes too.
  if (readSchemaHeader(letter.headers) !== undefined) return undefined
  return offendingByte(letter.record.value, verdict.letter)
}

function iso(ms: number): string {
  return ms >= 0 && ms <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
