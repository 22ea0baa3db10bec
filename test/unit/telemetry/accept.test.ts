import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prefersOpenMetrics } from '../../../src/telemetry/accept.ts'

const OPEN = 'application/openmetrics-text'

test('OpenMetrics goes to whoever names it and wants it at least as much as the text format', () => {
  for (const accept of [
    // Prometheus 2.42, 2.53 and 3.
    `${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    `${OPEN};version=1.0.0;q=0.5,${OPEN};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPEN};version=0.0.1;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    // The same, with native histograms: Protobuf, which is not here, comes first.
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,' +
      `${OPEN};version=1.0.0;q=0.5,${OPEN};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    OPEN,
    `${OPEN}; version=1.0.0; charset=utf-8`,
    'Application/OpenMetrics-Text;Version=1.0.0;Q=0.1',
    `text/plain, ${OPEN}`,
    // The most specific range counts, not the largest weight.
    `*/*, text/plain;q=0.2, ${OPEN};q=0.3`,
    `text/plain;version=1.0.0, ${OPEN};q=0.5`,
  ]) {
    assert.equal(prefersOpenMetrics(accept), true, accept)
  }
})

test('everyone else gets the text format', () => {
  for (const accept of [
    '',
    '*/*',
    'application/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    `${OPEN};version=0.0.1, text/plain;q=0.5`,
    `${OPEN};q=0`,
    `${OPEN};q=much`,
    `${OPEN};q=0.3, text/plain;q=0.4`,
    `${OPEN};q=0.3, text/*;q=0.4`,
    `${OPEN};q=0.3, */*`,
    `${OPEN};version=1.0.0;q=0, ${OPEN}`,
    ';;,,q=1;',
  ]) {
    assert.equal(prefersOpenMetrics(accept), false, accept)
  }
})
