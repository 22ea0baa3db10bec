/**
 * Writes what the image is made of, besides Debian's packages: `.millrace/sbom.cdx.json` (CycloneDX) and a
 * table of licences. Exit status 1 when a package has a licence that is not among those agreed to.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runtimePackages } from './image/runtime-packages.ts'

const ROOT = resolve(import.meta.dirname, '..')
const FOLDER = join(ROOT, '.millrace')
const SBOM = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
const AGREED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Python-2.0',
]

interface Component {
  readonly name: string
  readonly version: string
}

/** Of the installed `package.json`: the lock file leaves licences out. */
interface Manifest extends Component {
  readonly license?: string
}

const installed = new Map(
  runtimePackages(JSON.parse(read('package-lock.json')))
    .map((folder): Manifest => JSON.parse(read(join(folder, 'package.json'))))
    .map((manifest) => [idOf(manifest), manifest]),
)
const sbom: { components: Component[] } = JSON.parse(
  execFileSync('npm', SBOM, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
)
sbom.components = sbom.components.filter((component) => installed.has(idOf(component)))
if (sbom.components.length !== installed.size) {
  const told = new Set(sbom.components.map(idOf))
  const untold = [...installed.keys()].filter((id) => !told.has(id))
  throw new Error(`npm does not tell of ${untold.join(', ')}`)
}
mkdirSync(FOLDER, { recursive: true })
writeFileSync(join(FOLDER, 'sbom.cdx.json'), `${JSON.stringify(sbom, undefined, 2)}\n`)
for (const [id, { license = 'unknown' }] of installed) {
  const isAgreed = AGREED.includes(license)
  if (!isAgreed) process.exitCode = 1
  process.stdout.write(`${id.padEnd(50)} ${license}${isAgreed ? '' : '  NOT AGREED TO'}\n`)
}

function idOf({ name, version }: Component): string {
  return `${name}@${version}`
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
