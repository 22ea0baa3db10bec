import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readFileSync } from 'node:fs'
import { parseModelSpec } from '../../src/features/spec.ts'
import type { Cluster } from '../cluster.ts'
import { runLatency } from '../latency.ts'
import type { Progress } from '../progress.ts'
import { fill, requireExactlyOnce, runWork } from '../work.ts'
import type { Work } from '../work.ts'
import type { Point } from './curves.ts'
import type { EngineResult } from './engine.ts'
import { specText, writeModelFolder } from './model-folder.ts'
import { timeScorer } from './scoring.ts'

const ENGINE = join(import.meta.dirname, 'engine-process.ts')
const ENGINE_TIMEOUT_MS = 600_000
const SCORED_ROWS = 1_000
const PACED = { rate: 2_000, seconds: 5 } as const
const run = promisify(execFile)

/** What all points of a curve share. */
export interface PointSetup {
  /** Of the curve. */
  readonly name: string
  /** Of a run of the whole service. */
  readonly events: number
  readonly isQuick: boolean
  readonly screen: Progress
  /** Where generated models are kept. */
  readonly folder: string
  cluster(): Promise<Cluster>
}

/** Figures of a point; those that do not apply are `undefined`. */
type PointFigures = Readonly<Record<string, number | undefined>> & {
  /** Not drawn: what it must be is known from other runs. */
  readonly scoreSum?: number | undefined
}

/** Measures all that a point has. @throws Error when a prediction is missing, or there twice */
export async function measurePoint(setup: PointSetup, point: Point): Promise<PointFigures> {
  const folder =
    point.model === undefined ? undefined : await writeModelFolder(setup.folder, point.model)
  return {
    ...(point.engine === undefined ? {} : await engineFigures(point.engine)),
    ...(folder === undefined ? {} : await scoringFigures(setup, folder)),
    ...(point.work === undefined ? {} : await workFigures(setup, point, folder)),
  }
}

/** Feeds the feature engine in a process of its own. @throws Error when not all its tiles are held */
export async function measureEngine({
  features,
  ...load
}: NonNullable<Point['engine']>): Promise<EngineResult> {
  const plan = JSON.stringify({ spec: specText(features), load })
  const { stdout } = await run(process.execPath, ['--expose-gc', ENGINE, plan], {
    timeout: ENGINE_TIMEOUT_MS,
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  const result = JSON.parse(stdout) as EngineResult
  if (result.tiles < load.keys * load.tiles) throw new Error(`only ${result.tiles} tiles are held`)
  return result
}

async function engineFigures(load: NonNullable<Point['engine']>): Promise<PointFigures> {
  const { tiles, nsPerEvent, liveBytes, residentBytes } = await measureEngine(load)
  return {
    ns: nsPerEvent,
    perKey: liveBytes / load.keys,
    perTile: liveBytes / tiles,
    resident: residentBytes / load.keys,
  }
}

async function scoringFigures({ isQuick }: PointSetup, folder: string): Promise<PointFigures> {
  const spec = parseModelSpec(readFileSync(join(folder, 'model.yaml'), 'utf8'), 'model.yaml')
  const plan = { modelFile: join(folder, 'model.onnx'), spec, isQuick }
  const { cpuUsPerRow } = await timeScorer(plan, SCORED_ROWS)
  return { row: cpuUsPerRow }
}

async function workFigures(
  setup: PointSetup,
  point: Point,
  folder: string | undefined,
): Promise<PointFigures> {
  const { share = 1, service = {}, ...rest } = point.work ?? {}
  const { screen } = setup
  const cluster = await setup.cluster()
  const options = folder === undefined ? service : { ...service, modelFolder: folder }
  const work: Work = {
    cluster,
    screen,
    ...rest,
    service: options,
    events: Math.round(setup.events * share),
  }
  const topics = await fill(work, `${setup.name}-${point.x}`)
  const result = await runWork(work, topics)
  const scoreSum = await requireExactlyOnce(cluster, topics, work.partitions)
  const paced =
    point.isPaced === true
      ? await runLatency({ cluster, screen, ...PACED, service: options })
      : undefined
  return {
    rate: result.eventsPerSecond,
    cpu: result.cpuSecondsPerMillion,
    brokerCpu: result.brokerCpuSecondsPerMillion,
    peak: result.peakResidentMiB,
    p50: paced?.p50,
    p99: paced?.p99,
    scoreSum,
  }
}
