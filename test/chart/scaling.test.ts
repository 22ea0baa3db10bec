import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, only, refusal, render } from '../harness/chart.ts'

test('an autoscaler that may pass the partitions is refused, and so are two of them', () => {
  assert.match(
    refusal('hpa', ['autoscaling.hpa.maxReplicas=7']),
    /hpa\.maxReplicas must be at most/,
  )
  assert.match(
    refusal('keda', ['autoscaling.keda.maxReplicas=9']),
    /keda\.maxReplicas must be at most/,
  )
  assert.match(refusal('keda', ['autoscaling.hpa.enabled=true']), /cannot both/)
  const early = 'autoscaling.keda.kafka.activationLagThreshold=7'
  assert.match(refusal('keda', [early]), /at least topics\.partitions \(8\)/)
  assert.match(refusal('hpa', ['autoscaling.hpa.maxReplicas=1']), /minReplicas must be at most/)
})

test('KEDA starts the first instance above the partition count, and scales what the HPA would', () => {
  const scaled = only(render('keda'), 'ScaledObject')
  assert.equal(at(scaled, 'spec.triggers.0.metadata.activationLagThreshold'), '8')
  assert.equal(at(scaled, 'spec.triggers.0.metadata.lagThreshold'), '50000')
  assert.equal(at(scaled, 'spec.triggers.1.metadata.activationThreshold'), '8')
  assert.match(
    String(at(scaled, 'spec.triggers.1.metadata.query')),
    /millrace_partition_lag_records/,
  )
  const workload = only(render('keda'), 'StatefulSet')
  assert.equal(at(workload, 'spec.replicas'), undefined)
  assert.equal(at(scaled, 'spec.scaleTargetRef.name'), at(workload, 'metadata.name'))
  const hpa = only(render('hpa'), 'HorizontalPodAutoscaler')
  assert.equal(at(hpa, 'spec.scaleTargetRef.kind'), 'StatefulSet')
})

const PODS = {
  StatefulSet: { own: ['scores-0', 'scores-11'], others: ['scores-eu-0', 'scores-dlq-watch-0'] },
  Deployment: {
    own: ['scores-7d9c6b5f4-x2k9z', 'scores-54fb8x2k9z'],
    others: ['scores-eu-7d9c6b5f4-x2k9z', 'scores-dlq-watch-7d9c6b5f4-x2k9z', 'scores-eu-0'],
  },
} as const

for (const [kind, { own, others }] of Object.entries(PODS)) {
  test(`the lag that KEDA asks for is of the pods of this release alone, a ${kind}`, () => {
    const scaled = only(render('keda', ['fullnameOverride=scores', `kind=${kind}`]), 'ScaledObject')
    const query = String(at(scaled, 'spec.triggers.1.metadata.query'))
    const [, pattern = ''] = /pod=~"([^"]+)"/.exec(query) ?? []
    const isMatched = (name: string): boolean => new RegExp(`^(?:${pattern})$`).test(name)
    assert.deepEqual(own.filter(isMatched), own)
    assert.deepEqual(others.filter(isMatched), [])
  })
}
