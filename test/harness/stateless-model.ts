import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Versions of a model without windows, each a folder's spec and golden row; the ONNX files are fixtures. */
const VERSIONS = {
  /** Asks for `b`, and throws on an `a` that is not 0, 1, 2 or 3. */
  broken: {
    version: '1.0.0',
    b: 'double',
    file: 'choosy',
    tensor: 'score',
    golden: { features: [1, 0], scores: [1.5] },
  },
  /** Takes any `a`, and does without `b`: its score is a − 2 b. */
  mended: {
    version: '2.0.0',
    b: '{type: double, optional: true}',
    file: 'linear',
    tensor: 'total',
    golden: { features: [3, 0.5], scores: [2] },
  },
} as const

/** A model folder without windows, for events of a `user`, `a` and `b`. */
export async function statelessModel(
  t: TestContext,
  which: keyof typeof VERSIONS,
): Promise<string> {
  const { version, b, file, tensor, golden } = VERSIONS[which]
  const folder = await mkdtemp(join(tmpdir(), 'millrace-model-'))
  t.after(() => rm(folder, { recursive: true }))
  await cp(`test/fixtures/models/${file}.onnx`, join(folder, 'model.onnx'))
  const rows = JSON.stringify({ tolerance: 0, rows: [golden] })
  await writeFile(join(folder, 'golden.json'), rows)
  const spec = `name: stateless
version: ${version}
event:
  key: user
  time: $record_timestamp
  fields:
    a: double
    b: ${b}
lateness: 1h
features:
  - {name: a, operation: field, input_column: a}
  - {name: b, operation: field, input_column: b, default: 0}
model:
  file: model.onnx
  input: input
  outputs:
    - {name: score, tensor: ${tensor}}
`
  await writeFile(join(folder, 'model.yaml'), spec)
  return folder
}
