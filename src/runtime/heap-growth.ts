import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's heap near what it holds. Called once the service has started.
 *
 * The young generation stays as large as it is by then, some 30 MB: under load V8 lets it grow to 128 MB, and most
 * of what dies in it is promoted before. The old one may grow by half between two collections, where V8 would
 * let it double and more. Together some 200 MB less of resident memory, for a twentieth more of CPU time
 * (`docs/performance.md`). There is no way to say so at the start without options to Node itself.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=50')
}
