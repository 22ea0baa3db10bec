import type { Bench } from './bench.ts'
import { EventGenerator, EVENT_SCHEMA } from './events.ts'
import { fillTopic } from './fill.ts'
import { registerSchema } from './registry.ts'
import { Cases } from './result.ts'
import { createRunTopics, startService, whenAnswered } from './service.ts'

const ROUNDS = 5
const EVENTS = 1_000

/** From the start of the process to the first commit, nothing to restore. */
export const startBench: Bench = {
  summary: 'start of the process to its first commit, no state to restore',
  help: `Starts the service on a topic that holds ${EVENTS} events already, as after an upgrade: from the start of the
process to its first commit, by the service's own clock, which is this machine's. A first round is not
counted: it warms the disk.
`,
  options: {},
  run: async ({ cluster: start, isQuick, rounds = isQuick ? 2 : ROUNDS, screen }) => {
    const cluster = await start()
    const { brokers, registryUrl } = cluster
    const cases = new Cases()
    for (let round = 0; round <= rounds; round++) {
      const topics = await createRunTopics(cluster, `start-${round}`)
      const schemaId = await registerSchema(registryUrl, topics.input, EVENT_SCHEMA)
      const generator = new EventGenerator(schemaId)
      await fillTopic({ brokers, topic: topics.input, events: EVENTS, generator, progress: screen })
      const service = await startService(cluster, topics)
      try {
        const httpMs = Date.now() - service.startedAtMs
        const { firstCommitAtMs } = await whenAnswered(service, 1)
        const commitMs = firstCommitAtMs - service.startedAtMs
        const cpuSeconds = service.process.cpuSeconds()
        screen.step(`round ${round} of ${rounds}: ${commitMs} ms to the first commit`)
        if (round > 0) {
          cases.add('Millrace', { commit: commitMs / 1_000, http: httpMs / 1_000, cpu: cpuSeconds })
        }
        await whenAnswered(service, EVENTS)
        await service.process.stop()
      } finally {
        service.process.kill()
      }
    }
    return [
      {
        id: 'start',
        title: 'Start',
        how: 'From the start of the process, disk warm, no state to restore.',
        figures: {
          commit: { title: 'first commit, s', digits: 2 },
          http: { title: 'HTTP answers, s', digits: 2 },
          cpu: { title: 'CPU-s by then', digits: 2 },
        },
        drawn: ['commit'],
        cases: cases.all(),
        problems: [],
      },
    ]
  },
}
