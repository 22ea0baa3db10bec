import { Buffer } from 'node:buffer'
import type { Header } from './record.ts'

/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): `00-<trace id>-<parent id>-<flags>`, in lower-case
 * hexadecimal. Of later versions the same beginning is understood.
 */
const LENGTH = 55
const TRACE_ID = { from: 3, end: 35 }
const SPAN_ID = { from: 36, end: 52 }
const FLAGS = { from: 53, end: 55 }
const DASH = 0x2d
const ZERO = 0x30
const LETTER_A = 0x61
const LETTER_F = 0x66
const SAMPLED = 1
/** As much of it the standard asks everyone to pass on; what is longer may be dropped. */
const STATE_BYTES_MAX = 512

/** Where in a trace a record was written. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** Of them the lowest bit says that the trace is sampled. */
  readonly flags: number
  /** The value of `tracestate`; `undefined` when there is none. */
  readonly state: string | undefined
}

/** The trace context of a record as it came: `traceparent`, and `tracestate` where there is one. */
export interface TraceHeaders {
  /** To be passed on as they are. */
  readonly headers: readonly Header[]
  readonly parent: Buffer
  readonly state: Buffer | undefined
}

/**
 * The trace context among the headers; `undefined` when there is none that can be read. Of several the
 * last one counts. A `tracestate` without a sound `traceparent` means nothing, so it is dropped with it.
 */
export function traceHeadersOf(headers: readonly Header[] | undefined): TraceHeaders | undefined {
  if (headers === undefined) return undefined
  const parentHeader = lastWith('traceparent', headers)
  const parent = bytesOf(parentHeader?.['traceparent'])
  if (parentHeader === undefined || parent === undefined || !isParent(parent)) return undefined
  const stateHeader = lastWith('tracestate', headers)
  const state = bytesOf(stateHeader?.['tracestate'])
  const isKept = state !== undefined && state.length > 0 && state.length <= STATE_BYTES_MAX
  if (stateHeader === undefined || !isKept) {
    return { headers: [parentHeader], parent, state: undefined }
  }
  return { headers: [parentHeader, stateHeader], parent, state }
}

/** Whether whoever wrote the record keeps this trace. */
export function isSampled({ parent }: TraceHeaders): boolean {
  return (flagsOf(parent) & SAMPLED) === SAMPLED
}

/** The trace context, parsed. */
export function traceContextOf({ parent, state }: TraceHeaders): TraceContext {
  return {
    traceId: parent.toString('latin1', TRACE_ID.from, TRACE_ID.end),
    spanId: parent.toString('latin1', SPAN_ID.from, SPAN_ID.end),
    flags: flagsOf(parent),
    state: state?.toString(),
  }
}

function lastWith(name: string, headers: readonly Header[]): Header | undefined {
  for (let at = headers.length - 1; at >= 0; at -= 1) {
    if (headers[at]?.[name] !== undefined) return headers[at]
  }
  return undefined
}

function bytesOf(value: Buffer | string | undefined): Buffer | undefined {
  return typeof value === 'string' ? Buffer.from(value) : value
}

function flagsOf(parent: Buffer): number {
  return hexDigit(parent[FLAGS.from]) * 16 + hexDigit(parent[FLAGS.from + 1])
}

function hexDigit(code = ZERO): number {
  return code < LETTER_A ? code - ZERO : code - LETTER_A + 10
}

function isParent(bytes: Buffer): boolean {
  if (bytes.length < LENGTH) return false
  if (bytes[2] !== DASH || bytes[35] !== DASH || bytes[52] !== DASH) return false
  const isHexadecimal =
    isHex(bytes, { from: 0, end: 2 }) &&
    isHex(bytes, TRACE_ID) &&
    isHex(bytes, SPAN_ID) &&
    isHex(bytes, FLAGS)
  if (!isHexadecimal || isZero(bytes, TRACE_ID) || isZero(bytes, SPAN_ID)) return false
  // `ff` is no version. What version 00 says ends here; a later one may go on after a dash.
  if (bytes[0] === LETTER_F && bytes[1] === LETTER_F) return false
  if (bytes[0] === ZERO && bytes[1] === ZERO) return bytes.length === LENGTH
  return bytes.length === LENGTH || bytes[LENGTH] === DASH
}

interface Range {
  readonly from: number
  readonly end: number
}

function isHex(bytes: Buffer, { from, end }: Range): boolean {
  for (let at = from; at < end; at += 1) {
    const code = bytes[at] ?? 0
    const isDigit = code >= ZERO && code <= 0x39
    if (!isDigit && (code < LETTER_A || code > LETTER_F)) return false
  }
  return true
}

function isZero(bytes: Buffer, { from, end }: Range): boolean {
  for (let at = from; at < end; at += 1) if (bytes[at] !== ZERO) return false
  return true
}
