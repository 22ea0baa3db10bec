import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { TestContext } from 'node:test'

/** An HTTP server of one test, on a free port of this machine; it ends with the test. @returns its base URL */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    // Also those that a test never answers.
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}
