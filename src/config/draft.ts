import { type Variable, VARIABLES } from './schema.ts'

/** Where a value comes from; `file`: a `…_FILE` variable names the file that holds it. */
export type ValueSource = 'default' | 'environment' | 'file'

/** What loading needs from outside. */
export interface LoadOptions {
  /** The default of `INSTANCE_ID`. */
  readonly hostname: string
  /** Yields a file's text, or throws. */
  readonly readFile: (path: string) => string
}

export type Env = Readonly<Record<string, string | undefined>>

/** Variables whose value is a secret and may be in a file instead. */
const SECRETS = VARIABLES.flatMap((variable) => {
  const file = VARIABLES.find(({ name }) => name === `${variable.name}_FILE`)
  return file === undefined ? [] : [{ variable, file }]
})

/** Variables that name a file which is read by somebody else, or not as a secret. */
const FILES = VARIABLES.filter(
  ({ name }) => name.endsWith('_FILE') && !SECRETS.some(({ file }) => file.name === name),
)

/** Values as they were written, and what is wrong with them so far. */
export class Draft {
  /** By key; absent = unset. */
  readonly written = new Map<string, string>()
  /** By variable name. */
  readonly sources = new Map<string, ValueSource>()
  readonly errors: string[] = []
  /** Keys of what is wrong, so that no rule is applied to it. */
  readonly broken = new Set<string>()
  /** Text of the files that were read, by key. */
  readonly texts = new Map<string, string>()
  readonly #readFile: LoadOptions['readFile']

  constructor(env: Env, { hostname, readFile }: LoadOptions) {
    this.#readFile = readFile
    for (const { key, name } of VARIABLES) {
      const value = env[name]
      const isSet = value !== undefined && value !== ''
      if (isSet) this.written.set(key, value)
      this.sources.set(name, isSet ? 'environment' : 'default')
    }
    for (const { variable, file } of SECRETS) this.#readSecret(variable, file)
    for (const file of FILES) this.#read(file)
    if (!this.written.has('instanceId')) this.written.set('instanceId', hostname)
  }

  /** Notes that a value is wrong; tells it unless something was already told of the variable. */
  reject({ key }: Variable, error: string): void {
    if (!this.broken.has(key)) this.errors.push(error)
    this.broken.add(key)
  }

  #readSecret(variable: Variable, file: Variable): void {
    if (!this.written.has(file.key)) return
    if (this.written.has(variable.key)) {
      this.reject(variable, `${variable.name} and ${file.name} must not both be set`)
      return
    }
    const text = this.#read(file)
    // Editors and `echo` end a file with a line break that is no part of the secret.
    const secret = text?.replace(/\r?\n$/, '')
    if (secret === '') this.reject(file, `${file.name} must name a file that is not empty`)
    if (secret === undefined || secret === '') {
      this.broken.add(variable.key)
      return
    }
    this.written.set(variable.key, secret)
    this.sources.set(variable.name, 'file')
  }

  #read(file: Variable): string | undefined {
    const path = this.written.get(file.key)
    if (path === undefined) return undefined
    try {
      const text = this.#readFile(path)
      this.texts.set(file.key, text)
      return text
    } catch (error) {
      const got = `${shownPath(path)} (${reasonOf(error)})`
      this.reject(file, `${file.name} must be ${file.rule}, got ${got}`)
      return undefined
    }
  }
}

/** A password set as `…_PASSWORD_FILE` by mistake is not a path, and must not be printed. */
function shownPath(path: string): string {
  return /^\.{0,2}\//.test(path) ? JSON.stringify(path) : '***'
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
