import { createHash } from 'node:crypto'
import type { Condition, ModelSpec } from '../domain/model-spec.ts'
import type { Plan, TileGroup } from './plan.ts'

/** What decides what a tile holds: state written under one layout means nothing under another. */
export interface StateLayout {
  /** 32 bits of the SHA-256 of the whole description. */
  readonly hash: number
  /** The description, cut to {@link LAYOUT_TEXT_MAX} characters, for people. */
  readonly text: string
}

/** Most characters of a layout's description: it travels in the metadata of every committed offset. */
export const LAYOUT_TEXT_MAX = 400

/** The layout of a model's state: event mapping, lateness, tile sizes, windows, what tiles keep. */
export function layoutOf(spec: ModelSpec, plan: Pick<Plan, 'groups' | 'conditions'>): StateLayout {
  const nameOf = (slot: number): string => spec.event.fields[slot]?.name ?? ''
  const { key, time } = spec.event
  const text = [
    `key ${key.from === 'field' ? key.field : '$record_key'}`,
    `time ${time.from === 'field' ? `${time.field} ${time.unit}` : '$record_timestamp'}`,
    `lateness ${spec.latenessMs} ms`,
    ...plan.groups.map((group) => groupText(group, plan.conditions, nameOf)),
  ].join('; ')
  const hash = createHash('sha256').update(text).digest().readUInt32BE(0)
  return { hash, text: text.slice(0, LAYOUT_TEXT_MAX) }
}

function groupText(
  group: TileGroup,
  conditions: readonly Condition[],
  nameOf: (slot: number) => string,
): string {
  const told = (kind: string, slot: number, condition: number): string => {
    const where = conditions[condition]
    const when =
      where === undefined
        ? ''
        : ` where ${nameOf(where.slot)} ${where.comparison} ${JSON.stringify(where.values)}`
    return `${kind}(${nameOf(slot)}${when})`
  }
  const parts = [
    ...group.accumulators.map(({ kind, slot, condition }) => told(kind, slot, condition)),
    ...group.distincts.map(({ slot, condition, valuesMax }) =>
      told(`distinct${valuesMax}`, slot, condition),
    ),
  ]
  return `${group.tilesMax} tiles of ${group.tileMs} ms: ${parts.join(' ')}`
}
