import { FakeLog, FakeProducer } from '../fakes/producer.ts'
import { producerContract } from './producer-suite.ts'

producerContract('fake', async () => {
  const log = new FakeLog()
  return {
    open: async () => new FakeProducer(log),
    readCommitted: async () => log.records.map((record) => String(record.value)),
    committedOffset: async () => log.offsets.get('events-0'),
    inputTopic: 'events',
    outputTopic: 'out',
    close: async () => undefined,
  }
})
