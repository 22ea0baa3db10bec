/** Where a record was first read: what a dead letter is known by. */
export interface Coordinates {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Coordinates as text: `topic/partition/offset`. A topic's name has no slash. */
export function formatCoordinates({ topic, partition, offset }: Coordinates): string {
  return `${topic}/${partition}/${offset}`
}

/** Reads coordinates back; `undefined` for anything else. */
export function parseCoordinates(text: string): Coordinates | undefined {
  const [, topic, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(text) ?? []
  if (topic === undefined) return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}

/** A set of coordinates, small enough for millions of them. */
export class CoordinateSet {
  readonly #offsets = new Map<string, Set<number>>()

  has({ topic, partition, offset }: Coordinates): boolean {
    return this.#offsets.get(`${topic}/${partition}`)?.has(offset) === true
  }

  add({ topic, partition, offset }: Coordinates): void {
    const name = `${topic}/${partition}`
    const offsets = this.#offsets.get(name)
    if (offsets === undefined) this.#offsets.set(name, new Set([offset]))
    else offsets.add(offset)
  }
}
