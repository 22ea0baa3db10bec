import assert from 'node:assert/strict'

/** One metric of a scrape. */
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: Map<string, number>
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(\{[^{}]*\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/**
 * Reads the Prometheus text format 0.0.4 and refuses whatever it does not allow: samples without
 * their header, doubled families or series, values that are no numbers, broken histograms.
 *
 * @returns families by name; samples by name and sorted labels, e.g. `x_bucket{le="1"}`
 */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line must end')
  const families = new Map<string, Family>()
  let name = ''
  let help = ''
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, kind, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      assert.ok(!families.has(about), `${about} comes twice`)
      name = about
      help = rest
    } else if (kind === 'TYPE') {
      assert.equal(about, name, 'a type must follow its help')
      families.set(name, { type: rest, help, samples: new Map() })
    } else addSample(families.get(name), name, line)
  }
  for (const [each, family] of families) if (family.type === 'histogram') check(each, family)
  return families
}

function addSample(family: Family | undefined, name: string, line: string): void {
  const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
  assert.ok(sample !== '' && family !== undefined, `not a sample: ${line}`)
  const suffix = sample.slice(name.length)
  const allowed = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  assert.ok(sample.startsWith(name) && allowed.includes(suffix), `${line} under ${name}`)
  const key = sample + sorted(labels)
  assert.ok(!family.samples.has(key), `${key} comes twice`)
  assert.ok(value !== '' && Number.isFinite(Number(value)), `not a finite number: ${line}`)
  family.samples.set(key, Number(value))
}

function sorted(labels: string): string {
  if (labels === '') return ''
  const inner = labels.slice(1, -1)
  const pairs: string[] = []
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < inner.length) {
    const [, name, value] = LABEL.exec(inner) ?? []
    assert.ok(name !== undefined, `broken labels: ${labels}`)
    pairs.push(`${name}="${value}"`)
  }
  return `{${pairs.toSorted().join(',')}}`
}

/** Buckets must not fall, and the last must be the count. */
function check(name: string, { samples }: Family): void {
  let previous = { series: '', value: 0 }
  for (const [key, value] of samples) {
    if (!key.startsWith(`${name}_bucket`)) continue
    const [, bound = ''] = /le="([^"]+)"/.exec(key) ?? []
    const series = key.replace(/,?le="[^"]+",?/, '').replace('{}', '')
    if (series === previous.series) assert.ok(value >= previous.value, `${key} falls`)
    if (bound === '+Inf') {
      assert.equal(value, samples.get(series.replace('_bucket', '_count')), `${key} is the count`)
    }
    previous = { series, value }
  }
}
