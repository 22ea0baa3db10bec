/**
 * One point of a curve of the feature engine, in a process of its own so that memory can be told, with the
 * limits of the service.
 *
 *     MALLOC_ARENA_MAX=1 node --expose-gc bench/growth/engine-process.ts '{"spec": "…", "load": {…}}'
 */
import { parseModelSpec } from '../../src/features/spec.ts'
import { limitHeapGrowth } from '../../src/runtime/heap-growth.ts'
import { feedEngine } from './engine.ts'
import type { EngineLoad } from './engine.ts'

limitHeapGrowth()
const { spec, load } = JSON.parse(process.argv[2] ?? '') as { spec: string; load: EngineLoad }
process.stdout.write(JSON.stringify(feedEngine(parseModelSpec(spec, 'model.yaml'), load)))
