import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { compiledComponents, DEBIAN_QUERY, debianComponents, nodeComponent } from './components.ts'
import type { Component } from './components.ts'
import { runtimePackages } from './runtime-packages.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SBOM = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/** A bill of materials (CycloneDX): what `npm sbom` writes, and what npm does not know of. */
export interface Bill {
  readonly metadata: { readonly component: { readonly 'bom-ref': string; readonly name: string } }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/** What only an image can tell. */
export interface ImageContents {
  /** `process.versions` of its Node. */
  readonly versions: Readonly<Record<string, string | undefined>>
  /** What its `dpkg-query` prints when asked with {@link DEBIAN_QUERY}. */
  readonly packages: string
}

/** Asks an image, with the client that `DOCKER` names. @throws Error when it cannot be run */
export function imageContents(image: string, env: NodeJS.ProcessEnv = process.env): ImageContents {
  const run = (program: string, args: readonly string[]): string => {
    const command = ['run', '--rm', '--network=none', `--entrypoint=${program}`, image, ...args]
    return execFileSync(env['DOCKER'] ?? 'docker', command, {
      encoding: 'utf8',
      env,
      stdio: 'pipe',
    })
  }
  return {
    versions: JSON.parse(run('/usr/local/bin/node', ['-p', 'JSON.stringify(process.versions)'])),
    packages: run('/usr/bin/dpkg-query', DEBIAN_QUERY),
  }
}

/**
 * What an image is made of: the packages of npm that are loaded, what is compiled within them, Node, and,
 * of an image that was looked at, Debian's packages.
 *
 * @throws Error when npm does not tell of a package that is loaded
 */
export function billOfMaterials(contents?: ImageContents): Bill {
  const told: Bill = JSON.parse(
    execFileSync('npm', SBOM, { cwd: ROOT, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX }),
  )
  const packages = loaded(told)
  const components = [
    ...packages,
    ...compiledComponents(),

    nodeComponent(contents?.versions ?? pinnedVersions()),
    ...(contents === undefined ? [] : debianComponents(contents.packages)),
  ]
  const { component } = told.metadata
  const refs = new Set([component['bom-ref'], ...packages.map((each) => each['bom-ref'])])
  return {
    ...told,
    // npm takes the name of the folder.
    metadata: { ...told.metadata, component: { ...component, name: 'millrace' } },
    components,
    dependencies: told.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((to) => refs.has(to)) })),
  }
}

/** The packages that the service loads, with the licences that the lock file leaves out. */
function loaded({ components }: Bill): readonly Component[] {
  const found = new Map<string, Component>()
  for (const folder of runtimePackages(JSON.parse(read('package-lock.json')))) {
    const { name, version, license }: Record<string, string | undefined> = JSON.parse(
      read(`${folder}/package.json`),
    )
    const told = components.find((each) => each.name === name && each.version === version)
    if (told === undefined) throw new Error(`npm does not tell of ${name}@${version}`)
    // One version may lie in several folders.
    found.set(told['bom-ref'], { ...told, licenses: [{ license: { id: license ?? 'unknown' } }] })
  }
  return [...found.values()]
}

/** Of the Node that the Dockerfile names; what is in it is known only where that is the one that runs. */
function pinnedVersions(): ImageContents['versions'] {
  const { node }: { node: { version: string } } = JSON.parse(read('scripts/versions.json'))
  return node.version === process.versions.node ? process.versions : { node: node.version }
}

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8')
}
