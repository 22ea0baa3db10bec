import assert from 'node:assert/strict'

/** What OUTPUT_FORMAT can be. */
export type OutputFormat = 'avro' | 'protobuf' | 'json-schema' | 'json'

/** Bytes as text, a character each, so that patterns can be looked for. */
const BYTES = 'latin1'

/** `computed_at` is the same text in every format. */
const COMPUTED_AT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/
const JSON_TIME = /\d{13}(?=}$)/
/** `predicted_at` and `audited_at`; Protobuf leaves out nanoseconds that are 0, and the scores behind them. */
const ANSWERED_AT: Readonly<Record<OutputFormat, RegExp>> = {
  avro: /.{6}$/s,
  protobuf:
    // oxlint-disable-next-line no-control-regex
    /.\x08[\x80-\xff]{4}[\x00-\x7f](\x10[\x80-\xff]*[\x00-\x7f])?(?=(9.{8})?$)/s,
  'json-schema': JSON_TIME,
  json: JSON_TIME,
}

/** An answer's value without the time it was computed: equal to the byte for equal answers. */
export function untimed(
  format: OutputFormat,
  topic: 'features' | 'predictions' | 'audit',
  value: Buffer,
): string {
  const time = topic === 'features' ? COMPUTED_AT : ANSWERED_AT[format]
  return replaced(value.toString(BYTES), time, '')
}

/** The value of an audit record that has no reason, with one. */
export function withReason(format: OutputFormat, value: Buffer, reason: string): Buffer {
  const text = value.toString(BYTES)
  const size = (units: number): string => String.fromCharCode(reason.length * units)
  const said = {
    // Behind the wire format and the outcome.
    avro: () => replaced(text, /(?<=^.{6})\0/s, `\x02${size(2)}${reason}`),
    protobuf: () => replaced(text, /(?<=^.{8})/s, `\x12${size(1)}${reason}`),
    'json-schema': () => replaced(text, /(?<="reason":)null/, `"${reason}"`),
    json: () => replaced(text, /(?<="reason":)null/, `"${reason}"`),
  }
  return Buffer.from(said[format](), BYTES)
}

function replaced(text: string, pattern: RegExp, by: string): string {
  assert.match(text, pattern)
  return text.replace(pattern, () => by)
}
