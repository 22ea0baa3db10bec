import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestHeader } from '../../scripts/torture/frames.ts'
import { clientOf, fieldsOf, requestVersion } from '../harness/answering-proxy.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { startAnsweringDetour } from '../harness/detour.ts'
import { firstFlights, flightRecords } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const METADATA = 3
/** From here on the topics are a list with its length, plus one, before it; 0 stands for all topics (KIP-482). */
const COMPACT_SINCE = 9
const ALL_TOPICS = 0
const FLIGHTS = 200

/** A large cluster takes megabytes to name its topics: asked for by each client at each start, they would delay all others. */
test('no client ever asks for all topics of the cluster: at a start, at a restore, when it works and when it stops', async (t) => {
  const asked: string[] = []
  const { bed, env } = await startAnsweringDetour(t, (request, { pass }) => {
    if (requestHeader(request).apiKey === METADATA) {
      assert.ok(requestVersion(request) >= COMPACT_SINCE, `version ${requestVersion(request)}`)
      const isAll = fieldsOf(request)[0] === ALL_TOPICS
      asked.push(`${clientOf(request)}: ${isAll ? 'all topics' : 'some topics'}`)
    }
    pass(request)
  })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  await bed.write(records)
  for (const start of ['first', 'again']) {
    const service = new ServiceProcess(t, env)
    await whenCommitted(service, endsOf(records))
    await service.stop()
    t.diagnostic(`${start}: ${asked.length} requests for metadata so far`)
  }
  assert.ok(asked.length > 0)
  assert.deepEqual(
    asked.filter((each) => each.endsWith('all topics')),
    [],
  )
})
