import { formatCoordinates } from './coordinates.ts'
import { nameOf } from './place.ts'
import type { Queued } from './queue.ts'

/** A letter without its bytes, as `--json` shows it. */
export function summaryOf({ letter, isReplayed }: Queued) {
  const { source, origin, reason, stage, detail, schemaId, model, replays, record } = letter
  return {
    letter: nameOf(letter),
    isReplayed,
    reason,
    stage,
    detail,
    failedAt: new Date(letter.failedAtMs).toISOString(),
    source: formatCoordinates(source),
    origin: formatCoordinates(origin),
    timestampMs: letter.timestampMs,
    schemaId: schemaId ?? null,
    model: `${model.name}@${model.version}`,
    attempt: replays + 1,
    key: record.key === null ? null : String(record.key),
    valueBytes: record.value?.length ?? null,
  }
}
