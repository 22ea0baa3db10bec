import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { ServiceError } from '../domain/errors.ts'

/** Names the layout of the files; files of another layout are not read. */
const FORMAT = 'millrace-registry-cache/1'
/** Most files in the folder of one registry. */
const FILES_MAX = 1_000
/** Largest file, bytes. */
const FILE_BYTES_MAX = 1024 * 1024
/** A temporary file this old belongs to a process that died while it wrote. */
const ABANDONED_AFTER_MS = 3_600_000

/** What a cache has to say; it never throws once it is open. */
export interface CacheEvents {
  /** The registry gave no answer, so a kept one is used. */
  used(what: string, error: ServiceError): void
  /** A file cannot be read or written, or is not what it must be; it is as if it were absent. */
  problem(message: string): void
}

/** What is kept of one answer. */
export interface Keeping<Value> {
  /** Names the file: characters that any file system takes. */
  readonly name: string
  /** For people, as it follows "the answer used is the one kept of". */
  readonly what: string
  /** What may be kept; an answer that it does not take is passed on only. */
  readonly schema: z.ZodType<Value>
}

/**
 * Answers of the schema registry on disk, so that a start during its outage goes on with what is known.
 *
 * The registry is asked first, always. An id never changes its schema, so the disk could come first
 * too; but a registry that was set up anew under its old address hands out the same ids for other
 * schemas, and then every record would silently be read wrongly. One request an id and start is a
 * small price.
 *
 * Entries never expire. Several processes may share a folder: files are replaced as a whole.
 */
export class RegistryCache {
  readonly #folder: string
  readonly #events: CacheEvents
  readonly #filesMax: number

  private constructor(folder: string, events: CacheEvents, filesMax: number) {
    this.#folder = folder
    this.#events = events
    this.#filesMax = filesMax
  }

  /**
   * Opens the folder of this registry within `directory`, and creates it when it is not there.
   *
   * @throws ServiceError `CONFIG_INVALID` when nothing can be written there
   */
  static async open(options: {
    readonly directory: string
    /** Addresses of the registry: each registry has a folder of its own. */
    readonly registryUrls: readonly string[]
    readonly events: CacheEvents
    readonly filesMax?: number
  }): Promise<RegistryCache> {
    const { directory, registryUrls, events, filesMax = FILES_MAX } = options
    const folder = join(directory, sha256(registryUrls.join(',')).slice(0, 16))
    const probe = join(folder, temporaryName('probe'))
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(probe, '')
      await rm(probe)
      await removeAbandoned(folder)
    } catch (error) {
      const message = `SCHEMA_CACHE_DIR must be a folder that can be written: ${reasonOf(error)}`
      throw new ServiceError('CONFIG_INVALID', message, error)
    }
    return new RegistryCache(folder, events, filesMax)
  }

  /** Keeps a value under a name, in place of what was there. */
  async keep(name: string, value: unknown): Promise<void> {
    const path = this.#pathOf(name)
    const text = JSON.stringify({ format: FORMAT, name, sha256: digestOf(value), value })
    try {
      const sizeBytes = Buffer.byteLength(text)
      if (sizeBytes > FILE_BYTES_MAX) {
        this.#events.problem(`${path} must have at most ${FILE_BYTES_MAX} bytes, got ${sizeBytes}`)
        return
      }
      const isThere = (await sizeOf(path)) !== undefined
      if (isThere && (await readText(path)) === text) return
      if (!isThere && (await this.#isFull())) {
        this.#events.problem(`${this.#folder} must have at most ${this.#filesMax} files`)
        return
      }
      // A reader, or the next start after a crash, meets the old file or the new one, never a part.
      const temporary = join(this.#folder, temporaryName(name))
      await writeFile(temporary, text)
      await rename(temporary, path)
    } catch (error) {
      this.#events.problem(`${path} cannot be written: ${reasonOf(error)}`)
    }
  }

  /** The value kept under a name; `undefined` when there is none, or none that can be relied on. */
  async recall<Value>(name: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
    const path = this.#pathOf(name)
    try {
      const sizeBytes = await sizeOf(path)
      if (sizeBytes === undefined) return undefined
      if (sizeBytes > FILE_BYTES_MAX) throw new Error(`it has ${sizeBytes} bytes`)
      const file: unknown = JSON.parse((await readText(path)) ?? '')
      if (!isFile(file) || file.format !== FORMAT) throw new Error(`it is no ${FORMAT}`)
      if (file.name !== name) throw new Error(`it belongs to ${JSON.stringify(file.name)}`)
      if (file.sha256 !== digestOf(file.value)) throw new Error('its content was changed')
      const parsed = schema.safeParse(file.value)
      if (parsed.success) return parsed.data
      throw new Error('it holds something else')
    } catch (error) {
      this.#events.problem(`${path} is left out: ${reasonOf(error)}`)
      return undefined
    }
  }

  /**
   * The answer of the registry, which is kept; or the one kept, when it gives none.
   *
   * @throws what `ask` throws, unless that is `REGISTRY_UNAVAILABLE` and an answer was kept
   */
  async askOrRecall<Answer, Value extends Answer>(
    ask: () => Promise<Answer>,
    { name, what, schema }: Keeping<Value>,
  ): Promise<Answer> {
    let answer: Answer
    try {
      answer = await ask()
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'REGISTRY_UNAVAILABLE') throw error
      const kept = await this.recall(name, schema)
      if (kept === undefined) throw error
      this.#events.used(what, error)
      return kept
    }
    const keepable = schema.safeParse(answer)
    if (keepable.success) await this.keep(name, keepable.data)
    return answer
  }

  #pathOf(name: string): string {
    return join(this.#folder, `${name}.json`)
  }

  async #isFull(): Promise<boolean> {
    const names = await readdir(this.#folder)
    return names.filter((name) => name.endsWith('.json')).length >= this.#filesMax
  }
}

interface CacheFile {
  readonly format: unknown
  readonly name: unknown
  readonly sha256: unknown
  readonly value: unknown
}

function isFile(value: unknown): value is CacheFile {
  const keys = ['format', 'name', 'sha256', 'value']
  return typeof value === 'object' && value !== null && keys.every((key) => key in value)
}

async function removeAbandoned(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.tmp'))
  for (const name of names) {
    const path = join(folder, name)
    const changedAtMs = (await stat(path).catch(() => undefined))?.mtimeMs ?? Infinity
    if (changedAtMs < Date.now() - ABANDONED_AFTER_MS) await rm(path, { force: true })
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await unlessAbsent(stat(path)))?.size
}

async function readText(path: string): Promise<string | undefined> {
  return unlessAbsent(readFile(path, 'utf8'))
}

async function unlessAbsent<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  return reading.catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Containers that share a folder may have the same process id, so that would not tell them apart. */
function temporaryName(name: string): string {
  return `${name}.${randomUUID()}.tmp`
}

function digestOf(value: unknown): string {
  return sha256(JSON.stringify(value))
}

/** The SHA-256 of a text, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
