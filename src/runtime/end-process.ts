/**
 * Ends the process at once with this status.
 *
 * `process.exit` first waits for every call in libuv's thread pool, and one to a broker that does not
 * answer stays there for ever. So another program takes the process over, and that one exits.
 */
export function endProcess(status: number): never {
  const env = { ...process.env, NODE_OPTIONS: '' }
  process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${status})`], env)
  // Where no program can take a process over.
  process.exit(status)
}
