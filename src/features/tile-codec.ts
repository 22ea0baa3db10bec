import { Buffer } from 'node:buffer'
import type { FieldValue } from '../domain/event.ts'
import { FIRST_CELL, type TileGroup } from './plan.ts'
import { cell, type TileTable } from './tile-table.ts'

/** Of the bytes of a changelog value. */
const FORMAT_VERSION = 1
/** Layout's hash, index of the tile size, tile id. */
const KEY_HEADER_BYTES = 4 + 1 + 6
/** Format version, layout's hash. */
const VALUE_HEADER_BYTES = 1 + 4
const CELL_BYTES = 8

/** Where bytes lie: `[at, end)` of a buffer. */
export interface Bytes {
  readonly buffer: Buffer
  readonly at: number
  readonly end: number
}

/** The key of a changelog record, read. */
export interface TileKey {
  readonly layoutHash: number
  readonly group: number
  readonly tileId: number
  readonly key: string
}

/** A tile as it is written to the changelog; both are views that the next one overwrites. */
export interface EncodedTile {
  readonly key: Buffer
  readonly value: Buffer
}

/**
 * The bytes of a tile on the changelog.
 *
 * Key: layout hash (u32 BE), index of the tile size (u8), tile id (u48 BE), entity key (UTF-8). The
 * hash is in the key too, so that compaction never lets one model's tile stand for another's.
 * Value: format version (u8), layout hash (u32 BE), cells (f64 LE each), then per `distinct` set the
 * number of its values (u32 LE) and the values.
 */
export class TileEncoder {
  readonly #layoutHash: number
  #key: Buffer = Buffer.alloc(256)
  #value: Buffer = Buffer.alloc(1024)

  constructor(layoutHash: number) {
    this.#layoutHash = layoutHash
  }

  /** Tile `index` of the selected slot, which is the key's. */
  encode(key: string, table: TileTable, index: number): EncodedTile {
    return {
      key: this.#encodeKey(key, table.group.index, table.idAt(index)),
      value: this.#encodeValue(table, index),
    }
  }

  #encodeKey(key: string, group: number, tileId: number): Buffer {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    this.#key = withRoom(this.#key, KEY_HEADER_BYTES + key.length * 3)
    this.#key.writeUInt32BE(this.#layoutHash, 0)
    this.#key.writeUInt8(group, 4)
    this.#key.writeUIntBE(tileId, 5, 6)
    const end = KEY_HEADER_BYTES + this.#key.write(key, KEY_HEADER_BYTES)
    return this.#key.subarray(0, end)
  }

  #encodeValue(table: TileTable, index: number): Buffer {
    const { stride, distincts } = table.group
    const cells = stride - FIRST_CELL
    this.#value = withRoom(this.#value, VALUE_HEADER_BYTES + cells * CELL_BYTES)
    this.#value.writeUInt8(FORMAT_VERSION, 0)
    this.#value.writeUInt32BE(this.#layoutHash, 1)
    let at = VALUE_HEADER_BYTES
    const from = table.cellOf(index) + FIRST_CELL
    for (let i = 0; i < cells; i++) {
      this.#value.writeDoubleLE(cell(table.cells, from + i), at)
      at += CELL_BYTES
    }
    for (let i = 0; i < distincts.length; i++) {
      at = this.#encodeSet(table.sets[index * distincts.length + i] ?? new Set(), at)
    }
    return this.#value.subarray(0, at)
  }

  #encodeSet(set: ReadonlySet<FieldValue>, from: number): number {
    let at = from
    this.#value = withRoom(this.#value, at + 4)
    at = this.#value.writeUInt32LE(set.size, at)
    for (const value of set) {
      const text = JSON.stringify(value)
      this.#value = withRoom(this.#value, at + 4 + text.length * 3)
      const bytes = this.#value.write(text, at + 4)
      this.#value.writeUInt32LE(bytes, at)
      at += 4 + bytes
    }
    return at
  }
}

/** Reads a changelog key; `undefined` when it is too short to be one. */
export function decodeTileKey({ buffer, at, end }: Bytes): TileKey | undefined {
  if (end - at < KEY_HEADER_BYTES) return undefined
  return {
    layoutHash: buffer.readUInt32BE(at),
    group: buffer.readUInt8(at + 4),
    tileId: buffer.readUIntBE(at + 5, 6),
    key: buffer.toString('utf8', at + KEY_HEADER_BYTES, end),
  }
}

/** Whether the value is of this format and layout, and has all of its cells. */
export function isTileValue(
  { buffer, at, end }: Bytes,
  layoutHash: number,
  group: TileGroup,
): boolean {
  const bytes = VALUE_HEADER_BYTES + (group.stride - FIRST_CELL) * CELL_BYTES
  const isWhole = group.distincts.length === 0 ? end - at === bytes : end - at >= bytes
  return (
    isWhole && buffer.readUInt8(at) === FORMAT_VERSION && buffer.readUInt32BE(at + 1) === layoutHash
  )
}

/** Puts the cells of a value, which must be one, into tile `index`. */
export function decodeCells({ buffer, at }: Bytes, table: TileTable, index: number): void {
  const { stride } = table.group
  const to = table.cellOf(index) + FIRST_CELL
  for (let i = 0; i < stride - FIRST_CELL; i++) {
    table.cells[to + i] = buffer.readDoubleLE(at + VALUE_HEADER_BYTES + i * CELL_BYTES)
  }
}

/** The values of a value's `distinct` sets, in their order. @throws RangeError when bytes are missing */
export function decodeSets({ buffer, at, end }: Bytes, group: TileGroup): FieldValue[][] {
  let next = at + VALUE_HEADER_BYTES + (group.stride - FIRST_CELL) * CELL_BYTES
  return group.distincts.map(() => {
    const count = buffer.readUInt32LE(next)
    next += 4
    const values: FieldValue[] = []
    for (let i = 0; i < count; i++) {
      const bytes = buffer.readUInt32LE(next)
      if (next + 4 + bytes > end) throw new RangeError('a value of a set is cut off')
      values.push(JSON.parse(buffer.toString('utf8', next + 4, next + 4 + bytes)))
      next += 4 + bytes
    }
    return values
  })
}

function withRoom(buffer: Buffer, bytes: number): Buffer {
  if (bytes <= buffer.length) return buffer
  const grown = Buffer.alloc(bytes * 2)
  buffer.copy(grown)
  return grown
}
