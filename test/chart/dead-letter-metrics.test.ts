import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { at, only, render } from '../harness/chart.ts'

const CONTAINER = 'spec.jobTemplate.spec.template.spec.containers'
const COMMAND = 'node /app/src/main.ts dlq stats --prometheus'
const run = promisify(execFile)

/** The script of the example's job, with something else in the command's place. */
function scriptWith(command: string, folder: string): string {
  const job = only(render('dead-letter-metrics'), 'CronJob')
  const [container] = at(job, CONTAINER) as { readonly args: readonly string[] }[]
  const script = container?.args[0] ?? ''
  assert.ok(script.includes(COMMAND) && script.includes('/tmp/queue.prom'))
  return script.replace(COMMAND, command).replaceAll('/tmp/', `${folder}/`)
}

test('the job of the example pushes what the command prints, and fails when either does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-push-'))
  t.after(() => rm(folder, { recursive: true }))
  const pushed: string[] = []
  let status = 200
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      pushed.push(`${request.method} ${request.url} ${body}`)
      response.writeHead(status).end()
    })
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const env = { ...process.env, PUSH_URL: `http://127.0.0.1:${address.port}/metrics/job/x` }
  const push = (command: string) => run('/bin/sh', ['-ec', scriptWith(command, folder)], { env })
  await push('echo waiting 3')
  assert.deepEqual(pushed, ['PUT /metrics/job/x waiting 3\n'])
  await assert.rejects(push('false'))
  status = 400
  await assert.rejects(push('echo waiting 4'), /HTTP status 400/)
  assert.equal(pushed.length, 2)
})
