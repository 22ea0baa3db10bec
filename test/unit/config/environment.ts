import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts'
import { ServiceError } from '../../../src/domain/errors.ts'

/** The least that must be set. */
export const LEAST = {
  KAFKA_BROKERS: 'kafka:9092',
  SCHEMA_REGISTRY_URL: 'http://registry:8081',
  APP_ID: 'flights',
  MODEL_DIR: 'models/flight-delay',
} as const satisfies Readonly<Record<string, string>>

type Env = Readonly<Record<string, string | undefined>>

/** Loads the least and `env`, on a host called `host-1` with the given files. */
export function load(env: Env = {}, files: Readonly<Record<string, string>> = {}): LoadedConfig {
  return loadConfig(
    { ...LEAST, ...env },
    {
      hostname: 'host-1',
      readFile: (path) => {
        const text = files[path]
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
        return text
      },
    },
  )
}

/** The lines of the error that loading ends with; none when it does not. */
export function problemsOf(
  env: Env,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  try {
    load(env, files)
    return []
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'CONFIG_INVALID') {
      return error.message.split('\n')
    }
    throw error
  }
}
