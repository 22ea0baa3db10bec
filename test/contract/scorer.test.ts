import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { FakeScorer } from '../fakes/scorer.ts'
import { modelFixture } from '../fixtures/models.ts'
import { TABLE, describeScorer } from './scorer.ts'

describeScorer('the ONNX worker', () =>
  startScorer({
    ...modelFixture('choosy', [{ name: 'score', tensor: 'score', column: 0 }]),
    threads: 1,
  }),
)

describeScorer('the fake', async () => {
  return new FakeScorer(2, ([first = Number.NaN]) => {
    const score = TABLE[first]
    return score === undefined ? `no entry ${first}` : [score]
  })
})
