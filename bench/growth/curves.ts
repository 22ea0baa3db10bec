import type { Axis } from '../result.ts'
import type { Work } from '../work.ts'
import type { EngineLoad } from './engine.ts'
import { manyFeatures, manyWindows } from './model-folder.ts'
import type { FeatureEntry, ModelPlan } from './model-folder.ts'

/** What is measured at one point. */
export interface Point {
  readonly x: number
  /** Of the feature engine alone. */
  readonly engine?: EngineLoad & { readonly features: readonly FeatureEntry[] }
  /** Of the whole service; `events` are scaled by how quick the run is. */
  readonly work?: Partial<Pick<Work, 'partitions' | 'input' | 'service' | 'instances'>> & {
    /** Of the usual number of events; 1 by default. */
    readonly share?: number
  }
  /** A generated model instead of the benchmark's; it is scored alone, too. */
  readonly model?: ModelPlan
  /** Latency at a fixed rate, too. */
  readonly isPaced?: boolean
}

/** One curve: what grows, and where it is looked at. */
export interface Curve {
  readonly title: string
  readonly how: string
  readonly axis: Axis
  /** The work of the whole service is the same at every point, and so must be the sum of its scores. */
  readonly isSameWork: boolean
  /** The points a quick run leaves out are between the first and the last. */
  readonly points: readonly Point[]
}

/** Keys and tiles of the engine are looked at over this many tiles, or events. */
const ENGINE_EVENTS = 400_000
const HOUR = { window: '1h', tile: '1m', default: 0, input_column: 'value' } as const

/** The benchmark's usual features, over a window of that many minutes. */
export function usual(minutes: number): readonly FeatureEntry[] {
  return (['sum', 'avg', 'max', 'min'] as const).map((operation) => ({
    ...HOUR,
    name: `${operation}_value`,
    operation,
    window: `${minutes}m`,
  }))
}

/** Events enough to be measured, whatever the number of keys. */
function roundsOf(keys: number): number {
  return Math.max(2, Math.ceil(ENGINE_EVENTS / keys))
}

function keysPoint(keys: number): Point {
  const engine = { keys, tiles: 2, rounds: roundsOf(keys), features: usual(2) }
  if (keys > 300_000) return { x: keys, engine }
  return { x: keys, engine, work: { input: { keys, isUniform: true } } }
}

function tilesPoint(tiles: number): Point {
  const keys = Math.ceil(ENGINE_EVENTS / tiles)
  return { x: tiles, engine: { keys, tiles, rounds: roundsOf(keys), features: usual(tiles) } }
}

/** @param minutes reach of the longest window: the live tiles of a key */
function featuresPoint(x: number, features: readonly FeatureEntry[], minutes = 60): Point {
  const engine = { keys: 1_000, tiles: minutes, rounds: 20, features }
  return { x, engine, work: {}, model: { features, model: { kind: 'trees', size: 100 } } }
}

function modelPoint(kind: 'trees' | 'perceptron', size: number): Point {
  return { x: size, work: {}, model: { features: manyFeatures(7), model: { kind, size } } }
}

/** All curves, by the name that is typed. */
export const CURVES = {
  keys: {
    title: 'Keys',
    how: 'The engine alone: an event per key and minute, 2 live tiles. The whole service up to 300,000 keys, all equally likely: with few keys each has more live tiles to merge.',
    axis: { label: 'keys', isLog: true },
    isSameWork: false,
    points: [1_000, 10_000, 100_000, 300_000, 1_000_000, 5_000_000].map(keysPoint),
  },
  tiles: {
    title: 'Live tiles per key',
    how: 'The engine alone: 400,000 tiles in all; each event enters a new tile and drives an old one out.',
    axis: { label: 'live tiles per key', isLog: true },
    isSameWork: false,
    points: [1, 3, 10, 30, 100, 300, 1_000].map(tilesPoint),
  },
  features: {
    title: 'Features',
    how: 'Sums, averages, least and greatest values of an hour, each feature with a condition of its own; 100 trees over all of them.',
    axis: { label: 'features', isLog: true },
    isSameWork: false,
    points: [2, 6, 20, 60, 200].map((count) => featuresPoint(count, manyFeatures(count))),
  },
  windows: {
    title: 'Windows',
    how: '20 features spread over windows of 10 min, 20 min and so on, 60 tiles each; 100 trees.',
    axis: { label: 'windows', isLog: false },
    isSameWork: false,
    points: [1, 2, 5, 10].map((count) => featuresPoint(count, manyWindows(count, 20), 10 * count)),
  },
  partitions: {
    title: 'Partitions',
    how: 'The same events over more partitions, one instance.',
    axis: { label: 'partitions of every topic', isLog: true },
    isSameWork: true,
    points: [1, 4, 12, 36, 100].map((partitions) => ({ x: partitions, work: { partitions } })),
  },
  size: {
    title: 'Record size',
    how: 'The same events with a text beside them that no feature looks at.',
    axis: { label: 'bytes of a record, about', isLog: true },
    isSameWork: false,
    points: [100, 300, 1_000, 3_000, 10_000].map((bytes) => ({
      x: bytes,
      work: {
        input: { noteBytes: Math.max(0, bytes - 50) },
        share: Math.min(1, 2_000 / bytes),
      },
    })),
  },
  trees: {
    title: 'Trees',
    how: 'Full trees of depth 6 over 7 features; alone in batches of 1,000 rows.',
    axis: { label: 'trees', isLog: true },
    isSameWork: false,
    points: [10, 30, 100, 300, 1_000].map((size) => modelPoint('trees', size)),
  },
  perceptron: {
    title: 'Perceptron',
    how: 'Two hidden layers, so wide, over 7 features; alone in batches of 1,000 rows.',
    axis: { label: 'width of the hidden layers', isLog: true },
    isSameWork: false,
    points: [16, 64, 256, 512].map((size) => modelPoint('perceptron', size)),
  },
  commit: {
    title: 'Commit interval',
    how: 'The same events with another COMMIT_INTERVAL_MS; latency at 2,000 events/s, produce to visible.',
    axis: { label: 'COMMIT_INTERVAL_MS', isLog: true },
    isSameWork: true,
    points: [5, 10, 30, 100, 300, 1_000].map((ms) => ({
      x: ms,
      work: { service: { env: { COMMIT_INTERVAL_MS: String(ms) } } },
      isPaced: true,
    })),
  },
  poison: {
    title: 'Poison',
    how: 'Records that cannot be decoded: a dead letter each, and no prediction.',
    axis: { label: '% of the records', isLog: false },
    isSameWork: false,
    points: [0, 1, 3, 10].map((percent) => ({
      x: percent,
      work: { input: { poisonShare: percent / 100 } },
    })),
  },
  late: {
    title: 'Late events',
    how: 'Events behind the lateness: to the late topic, and no prediction.',
    axis: { label: '% of the events', isLog: false },
    isSameWork: false,
    points: [0, 2, 7, 20].map((percent) => ({
      x: percent,
      work: { input: { lateShare: percent / 100 } },
    })),
  },
  instances: {
    title: 'Instances on one machine',
    how: 'The same events over 8 partitions, shared by several instances beside the broker on the same cores.',
    axis: { label: 'instances', isLog: false },
    isSameWork: true,
    points: [1, 2, 3, 4].map((instances) => ({
      x: instances,
      work: { instances, partitions: 8, share: 3 },
    })),
  },
} as const satisfies Readonly<Record<string, Curve>>

export type CurveName = keyof typeof CURVES
