import { readFileSync } from 'node:fs'

/** Ticks a second of the CPU times in /proc: fixed for programs on Linux. */
const TICKS_PER_SECOND = 100
/** Places of user, nice, system, irq and softirq among the columns of /proc/stat. */
const BUSY_COLUMNS = [0, 1, 2, 5, 6]
const IDLE_COLUMNS = [3, 4]

/** CPU time of a process, all its threads, since it started, s. @throws Error when it is gone */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The program's name, in parentheses, may hold spaces; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory of a process, now or at its most, MiB. @throws Error when it is gone */
export function residentMiBOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)
  return Number(line?.[1]) / 1024
}

/** CPU time of all cores since the machine started, s. */
export interface MachineTime {
  readonly busy: number
  readonly idle: number
}

/** How busy the machine has been since it started. */
export function machineTime(): MachineTime {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  const columns = line.split(/\s+/).slice(1).map(Number)
  const sum = (places: readonly number[]): number =>
    places.reduce((total, place) => total + (columns[place] ?? 0), 0) / TICKS_PER_SECOND
  return { busy: sum(BUSY_COLUMNS), idle: sum(IDLE_COLUMNS) }
}
