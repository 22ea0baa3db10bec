import { createReadStream } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ServiceError } from './domain/errors.ts'
import { parseModelSpec } from './features/spec.ts'
import { parseGolden, selfTest } from './inference/golden.ts'
import { loadModelFolder } from './inference/model-folder.ts'
import type { ModelFolder } from './inference/model-folder.ts'
import { startScorer } from './inference/onnx-scorer.ts'
import type { OnnxScorer } from './inference/onnx-scorer.ts'
import { referenceCommand } from './tools/drift-reference.ts'
import type { ReferenceBench } from './tools/drift-reference.ts'

/** `millrace drift reference` on real files and the real model. @returns the exit status */
export async function runReference(options: readonly string[]): Promise<number> {
  const bench = new FolderBench(process.env['MODEL_DIR'] ?? '')
  try {
    const { output, status } = await referenceCommand(options, bench)
    process.stdout.write(output)
    return status
  } finally {
    await bench.close()
  }
}

class FolderBench implements ReferenceBench {
  readonly #path: string
  #folder: ModelFolder | undefined
  #scorer: OnnxScorer | undefined

  constructor(path: string) {
    this.#path = path
  }

  async *lines(file: string): AsyncIterable<string> {
    const input = file === '-' ? process.stdin : createReadStream(file)
    try {
      yield* createInterface({ input, crlfDelay: Infinity })
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new ServiceError('CONFIG_INVALID', `cannot read ${file}: ${why}`, error)
    }
  }

  async model() {
    if (this.#path === '') throw new ServiceError('CONFIG_INVALID', 'MODEL_DIR is required')
    const folder = await loadModelFolder(this.#path, parseModelSpec)
    const { spec, modelFile, goldenText, goldenFile } = folder
    const golden = parseGolden(goldenText, goldenFile, spec)
    // One thread, as the service by default: the same row has the same bits in any batch.
    const scorer = await startScorer({ modelFile, spec, threads: 1 })
    this.#folder = folder
    this.#scorer = scorer
    await selfTest(scorer, golden)
    return { spec, scorer }
  }

  async write(text: string): Promise<string> {
    const file = this.#folder?.referenceFile ?? ''
    try {
      // Whole or not at all: a service may be starting from this folder.
      await writeFile(`${file}.part`, text)
      await rename(`${file}.part`, file)
    } catch (error) {
      throw new ServiceError('CONFIG_INVALID', `cannot write ${file}: ${String(error)}`, error)
    }
    return file
  }

  async close(): Promise<void> {
    await this.#scorer?.close()
  }
}
