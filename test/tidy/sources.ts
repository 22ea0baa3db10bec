import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

/** A file of the project, its path relative to the project. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** One import: from a file to another file of ours, or to a package. */
export interface Import {
  readonly from: string
  readonly to: string
  readonly isPackage: boolean
  /** Types alone: gone when the program runs. */
  readonly isType: boolean
}

/** Paths of all committed or new files that are not ignored. */
export function projectPaths(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trimEnd().split('\n')
  return listed.filter((path) => existsSync(join(ROOT, path))).toSorted()
}

/** The files whose path ends so. */
export function readSources(ending: string): SourceFile[] {
  return projectPaths()
    .filter((path) => path.endsWith(ending))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

/** The imports of a file, Node's own modules left out. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const pattern =
    /^(?:import|export|\}|.*await import\()\s*(type\s)?[^'\n]*?(?:from\s*)?'([^']+)'/gm
  return [...text.matchAll(pattern)].flatMap(([whole, type, to = '']) => {
    if (to.startsWith('node:') || (!whole.includes('from') && !whole.includes('import'))) return []
    const isPackage = !to.startsWith('.')
    const target = isPackage ? packageOf(to) : normalize(join(dirname(path), to))
    return [{ from: path, to: target, isPackage, isType: type !== undefined }]
  })
}

/** The package that a path within it belongs to. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
