import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'

/** The name of the spec in every model folder. */
const SPEC_FILE = 'model.yaml'
/** What drift is measured against; a folder may be without. */
const REFERENCE_FILE = 'reference.json'

/** A model folder as read: everything that identifies and starts its model. */
export interface ModelFolder {
  readonly spec: ModelSpec
  /** Path of `model.yaml`. */
  readonly specFile: string
  readonly specText: string
  /** Of the spec's bytes, lower-case hex; goes into every audit record. */
  readonly specSha256: string
  /** Path of the ONNX file. */
  readonly modelFile: string
  /** Of the model's bytes, lower-case hex; goes into every audit record. */
  readonly modelSha256: string
  /** Path of the golden rows. */
  readonly goldenFile: string
  readonly goldenText: string
  /** Path of the reference, whether it is there or not. */
  readonly referenceFile: string
  /** `undefined` where the folder has none. */
  readonly referenceText: string | undefined
}

/**
 * Reads a model folder.
 *
 * @param parse turns the spec's text into a `ModelSpec`; the second argument is the file's path, for
 *   its messages
 * @throws ServiceError `MODEL_INVALID` naming the file that is missing or unreadable; whatever
 *   `parse` throws
 */
export async function loadModelFolder(
  folder: string,
  parse: (text: string, file: string) => ModelSpec,
): Promise<ModelFolder> {
  const specFile = join(folder, SPEC_FILE)
  const specBytes = await read(specFile, 'the spec')
  const specText = specBytes.toString('utf8')
  const spec = parse(specText, specFile)
  const modelFile = join(folder, spec.model.file)
  const goldenFile = join(folder, spec.model.goldenFile)
  const modelBytes = await read(modelFile, 'the ONNX model')
  const golden = await read(goldenFile, 'the golden rows')
  const referenceFile = join(folder, REFERENCE_FILE)
  const hasReference = (await readdir(folder)).includes(REFERENCE_FILE)
  const reference = hasReference ? await read(referenceFile, 'the reference') : undefined
  return {
    spec,
    specFile,
    specText,
    specSha256: sha256(specBytes),
    modelFile,
    modelSha256: sha256(modelBytes),
    goldenFile,
    goldenText: golden.toString('utf8'),
    referenceFile,
    referenceText: reference?.toString('utf8'),
  }
}

async function read(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServiceError('MODEL_INVALID', `cannot read ${what} ${file}: ${reason}`, error)
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
