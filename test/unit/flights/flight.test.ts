import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monthOf, parseFlights } from '../../../scripts/flights/flight.ts'

const HEADER =
  'year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,' +
  'flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour'

function parse(...lines: readonly string[]) {
  return parseFlights(`${[HEADER, ...lines].join('\n')}\n`)
}

test('a flight departs at its scheduled UTC time plus its delay', () => {
  const line =
    '2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z'
  assert.deepEqual(parse(line), [
    {
      id: '2013-01-01-UA-1545-EWR-0515',
      origin: 'EWR',
      dest: 'IAH',
      carrier: 'UA',
      departedAtMs: Date.parse('2013-01-01T10:17:00Z'),
      depDelay: 2,
      distance: 1400,
      scheduledHour: 5,
      cancelled: false,
      label: 0,
    },
  ])
})

test('in summer New York is four hours behind UTC, and a late departure falls on the next day', () => {
  const line =
    '2013,7,1,48,2359,49,430,344,46,B6,745,N715JB,JFK,PSE,200,1617,23,59,2013-07-02T03:00:00Z'
  const [flight] = parse(line)
  assert.ok(flight)
  assert.equal(flight.departedAtMs, Date.parse('2013-07-02T00:48:00-04:00'))
  assert.equal(monthOf(flight), 7)
  assert.equal(flight.label, 1)
})

test('a cancelled flight is at its scheduled time, without delay or label', () => {
  const line = '2013,1,1,,1630,,,1815,,EV,4308,N18120,EWR,RDU,,416,16,30,2013-01-01T21:00:00Z'
  const [flight] = parse(line)
  assert.ok(flight)
  assert.equal(flight.cancelled, true)
  assert.equal(flight.departedAtMs, Date.parse('2013-01-01T21:30:00Z'))
  assert.deepEqual([flight.depDelay, flight.label], [null, null])
})

test('a flight that left and did not arrive there has no label', () => {
  const line =
    '2013,1,1,1525,1530,-5,1934,1805,,MQ,4525,N719MQ,LGA,XNA,,1147,15,30,2013-01-01T20:00:00Z'
  const [flight] = parse(line)
  assert.deepEqual([flight?.cancelled, flight?.depDelay, flight?.label], [false, -5, null])
})

test('30 minutes late is late, 29 are not', () => {
  const of = (delay: number): string =>
    `2013,1,1,517,515,2,830,819,${delay},UA,1,N1,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z`
  assert.deepEqual(
    parse(of(29), of(30)).map((flight) => flight.label),
    [0, 1],
  )
})

test('flights come in order of departure, those of one minute in the order of the file', () => {
  const of = (number: number, delay: number): string =>
    `2013,1,1,517,515,${delay},830,819,0,UA,${number},N1,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z`
  assert.deepEqual(
    parse(of(3, 5), of(2, -5), of(1, 5)).map((flight) => flight.id.split('-')[4]),
    ['2', '3', '1'],
  )
})
