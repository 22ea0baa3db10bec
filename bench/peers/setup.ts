import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../../scripts/flights/flights.ts'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'
import { pythonWith } from '../../scripts/train/python.ts'

const HERE = import.meta.dirname
const MODEL = join(HERE, '../model')

/** What peers and harness are run with. */
export interface Tools {
  /** Path of a Python with the pinned packages. */
  readonly python: string
  /** Class path of the Java peers. */
  readonly classpath: string
  /** Model folder in our own form; peers take its `model.onnx`. */
  readonly modelFolder: string
}

/** Sets up what is missing: Python packages and the Java build once a machine, the model each time. */
export function setUp(): Tools {
  const python = pythonWith('peers-venv', join(HERE, 'python/requirements.txt'))
  return { python, classpath: buildJava(), modelFolder: modelFolder() }
}

/** Built anew when a source has changed. @throws Error when Maven or a JDK is missing */
function buildJava(): string {
  const files = ['java/pom.xml', 'schemas/*.avsc', '../event.avsc', 'java/src/**/*.java']
  const hash = createHash('sha256')
  for (const path of globSync(files, { cwd: HERE }).toSorted()) {
    hash.update(readFileSync(join(HERE, path)))
  }
  const folder = join(cacheFolder(), `peers-java-${hash.digest('hex').slice(0, 12)}`)
  const jar = join(folder, 'peers-1.jar')
  if (!existsSync(jar)) {
    process.stderr.write('building the Java peers, once\n')
    const pom = join(HERE, 'java/pom.xml')
    execFileSync('mvn', ['-q', '-B', '-f', pom, 'package', `-Dpeers.build=${folder}`], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, JAVA_HOME: dirname(dirname(realpathSync(JAVA))) },
    })
  }
  return `${jar}:${join(folder, 'libs', '*')}`
}

/** The benchmark's model with the features as the peers define them. */
function modelFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-peers-'))
  for (const name of ['model.onnx', 'golden.json'])
    copyFileSync(join(MODEL, name), join(folder, name))
  copyFileSync(join(HERE, 'model.yaml'), join(folder, 'model.yaml'))
  return folder
}
