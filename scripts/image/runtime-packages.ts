/** Which installed packages the service loads, from `package-lock.json`. */

/** What is read of an entry of the lock file. */
interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** What is read of `package-lock.json`: packages by their folder, `''` being the project. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/**
 * Dependencies that are installed and never loaded: the registry client's drivers of key management
 * services (field encryption), its rule engines and serializers, of all which only the client itself
 * is imported; and what only builds native code. A test starts the image without them.
 */
const NEVER_LOADED: Readonly<Record<string, readonly string[]>> = {
  'node_modules/@confluentinc/schemaregistry': [
    '@aws-sdk/client-kms',
    '@aws-sdk/credential-providers',
    '@azure/identity',
    '@azure/keyvault-keys',
    '@bufbuild/cel',
    '@bufbuild/protobuf',
    '@criteria/json-schema',
    '@criteria/json-schema-validation',
    '@google-cloud/kms',
    '@hackbg/miscreant-esm',
    '@smithy/types',
    '@types/simple-oauth2',
    '@types/validator',
    'ajv',
    'jsonata',
    'node-vault',
    'validator',
  ],
  'node_modules/@confluentinc/kafka-javascript': ['@mapbox/node-pre-gyp', 'nan', 'tar'],
  'node_modules/onnxruntime-node': ['adm-zip', 'global-agent'],
}

/** Folders of the packages that are needed, sorted, as `node_modules/…`. */
export function runtimePackages(lock: LockFile): readonly string[] {
  const found = new Set<string>()
  const waiting = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const { dependencies, optionalDependencies } = lock.packages[folder] ?? {}
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (NEVER_LOADED[folder]?.includes(name) === true) continue
      const target = resolveFrom(folder, name, lock)
      if (target === undefined || found.has(target)) continue
      found.add(target)
      waiting.push(target)
    }
  }
  return [...found].toSorted()
}

/** The nearest `node_modules` above the folder that has the package, as Node looks for it. */
function resolveFrom(folder: string, name: string, { packages }: LockFile): string | undefined {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const target = `${at === '' ? '' : `${at}/`}node_modules/${name}`
    if (packages[target] !== undefined) return target
    if (at === '') return undefined
  }
}
