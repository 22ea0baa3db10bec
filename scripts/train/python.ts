import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../flights/flights.ts'

const HERE = import.meta.dirname

/** Runs a Python script with the packages of `requirements.txt`; sets them up once a machine. */
export function runPython(script: string, args: readonly string[]): void {
  const python = pythonWith('train-venv', join(HERE, 'requirements.txt'))
  run(python, [join(HERE, script), ...args])
}

/** Path of a Python that has these packages, in an environment kept for this machine. */
export function pythonWith(name: string, requirements: string): string {
  const environment = join(cacheFolder(), name)
  const python = join(environment, 'bin', 'python')
  if (!existsSync(python)) {
    process.stderr.write(`setting up the Python environment ${name}, once\n`)
    run('python3', ['-m', 'venv', environment])
  }
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements])
  return python
}

function run(command: string, args: readonly string[]): void {
  // Standard output belongs to the command that needs Python.
  execFileSync(command, args, { stdio: ['inherit', 2, 2] })
}
