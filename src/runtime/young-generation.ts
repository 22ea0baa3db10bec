import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation as large as it is now. Called once the service has started, when it is
 * some 30 MB.
 *
 * Under load V8 lets it grow to 128 MB, and most of what dies in it is promoted before: 100 MB more of
 * resident memory, and not faster (`docs/performance.md`). There is no way to say so at the start
 * without options to Node itself.
 */
export function keepYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
