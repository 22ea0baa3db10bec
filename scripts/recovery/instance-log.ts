import { readFileSync } from 'node:fs'

/** A line of an instance's log that says something of partitions or of the process's life. */
export interface LogLine {
  /** Wall-clock ms. */
  readonly atMs: number
  readonly code: string
  readonly partitions: readonly number[]
  /** How long it took, where the line says so, ms. */
  readonly forMs: number | undefined
}

/** The lines of a log file, as far as it has been written. */
export function readLog(file: string): LogLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text) => lineOf(text) ?? [])
}

function lineOf(text: string): LogLine | undefined {
  try {
    const line: {
      time: string
      code: string
      partition?: number
      partitions?: number[]
      forMs?: number
    } = JSON.parse(text)
    const { partition, partitions, forMs } = line
    const own = partition === undefined ? [] : [partition]
    return { atMs: Date.parse(line.time), code: line.code, partitions: partitions ?? own, forMs }
  } catch {
    return undefined
  }
}

/** The partitions an instance has by its log. */
export function ownedIn(lines: readonly LogLine[]): ReadonlySet<number> {
  const owned = new Set<number>()
  for (const { code, partitions } of lines) {
    if (code === 'STARTING') owned.clear()
    if (code === 'ASSIGNED') for (const partition of partitions) owned.add(partition)
    if (code === 'REVOKED' || code === 'LOST') {
      for (const partition of partitions) owned.delete(partition)
    }
  }
  return owned
}
