import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'

const HERE = import.meta.dirname

/** Versions of what only the peers are made of, as the pinned files name them. */
export function peerVersions(): readonly string[] {
  return [
    `Java ${javaVersion()}`,
    ...javaLibraries(),
    ...read('python/requirements.txt')
      .trim()
      .split('\n')
      .map((line) => line.replace('==', ' ')),
  ]
}

function javaVersion(): string {
  const output = execFileSync(JAVA, ['--version'], { encoding: 'utf8' })
  return output.split(/\s/)[1] ?? ''
}

function javaLibraries(): readonly string[] {
  const pom = read('java/pom.xml')
  const of = (property: string): string => new RegExp(`<${property}>(.*)<`).exec(pom)?.[1] ?? ''
  return [`kafka-streams ${of('kafka.version')}`, `onnxruntime (Java) ${of('ort.version')}`]
}

function read(path: string): string {
  return readFileSync(join(HERE, path), 'utf8')
}
