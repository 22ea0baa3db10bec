import type { Config } from '../config/schema.ts'
import { parseGolden, selfTest } from '../inference/golden.ts'
import type { ModelFolder } from '../inference/model-folder.ts'
import { startScorer } from '../inference/onnx-scorer.ts'
import type { OnnxScorer } from '../inference/onnx-scorer.ts'
import type { ServiceIdentity } from '../serving/status-report.ts'
import type { Log } from '../telemetry/log.ts'

/**
 * Loads a folder's model, and lets it score nothing before it has reproduced its golden rows.
 *
 * @throws ServiceError `MODEL_INVALID`, `MODEL_MISMATCH`
 */
export async function startModel(
  config: Config,
  { spec, modelFile, goldenText, goldenFile }: ModelFolder,
  log: Log,
): Promise<OnnxScorer> {
  const golden = parseGolden(goldenText, goldenFile, spec)
  const scorer = await startScorer({ modelFile, spec, threads: config.inferenceThreads })
  log('MODEL_LOADED', `${spec.name} ${spec.version} from ${config.modelDir}`)
  const found = await selfTest(scorer, golden)
  log('SELF_TEST', `${found.rows} golden rows reproduced`, { ...found })
  if (!found.isBatchInvariant) {
    log('CONFIG_WARNING', 'scores depend on the batch in their last bits: replays may differ')
  }
  return scorer
}

/** What outputs say of the model that made them. */
export function modelIdentity({
  spec,
  modelSha256,
  specSha256,
}: ModelFolder): ServiceIdentity['model'] {
  return { name: spec.name, version: spec.version, modelSha256, specSha256 }
}
