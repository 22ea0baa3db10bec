import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../flights/flights.ts'

const HERE = import.meta.dirname

/** Runs a Python script with the packages of `requirements.txt`; sets them up once a machine. */
export function runPython(script: string, args: readonly string[]): void {
  const environment = join(cacheFolder(), 'train-venv')
  const python = join(environment, 'bin', 'python')
  const isReady = join(environment, 'bin', 'python3')
  if (!existsSync(isReady)) {
    process.stderr.write('setting up Python with LightGBM and ONNX, once\n')
    run('python3', ['-m', 'venv', environment])
  }
  run(python, ['-m', 'pip', 'install', '--quiet', '-r', join(HERE, 'requirements.txt')])
  run(python, [join(HERE, script), ...args])
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'inherit' })
}
