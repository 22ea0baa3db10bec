import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** ASN.1 tags, as DER writes them (X.690). */
const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const
/** Object identifiers in DER, without tag and length. */
const OID = {
  commonName: Buffer.from('550403', 'hex'),
  ecdsaWithSha256: Buffer.from('2a8648ce3d040302', 'hex'),
  basicConstraints: Buffer.from('551d13', 'hex'),
  subjectAltName: Buffer.from('551d11', 'hex'),
} as const
const TRUE = Buffer.from('0101ff', 'hex')
const VERSION_3 = Buffer.from('a003020102', 'hex')
/** Within a subject's other names: an IP address. */
const IP_ADDRESS = 0x87
const LOCALHOST = Buffer.from([127, 0, 0, 1])
const DAY_MS = 86_400_000

/** A certificate with its key, PEM. */
export interface Certified {
  readonly certificate: string
  /** PKCS #8. */
  readonly key: string
}

/** An authority that lives as long as the test, and a certificate of it for 127.0.0.1. */
export interface Authority {
  readonly certificate: string
  readonly server: Certified
}

/** Makes an authority that nobody else trusts (RFC 5280, ECDSA on P-256, one day). */
export function createAuthority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issued = { issuer: name, signer: own.privateKey }
  const isAuthority = extension(OID.basicConstraints, sequence(TRUE))
  const isLocalhost = extension(OID.subjectAltName, sequence(der(IP_ADDRESS, LOCALHOST)))
  return {
    certificate: certify({ ...issued, subject: name, holder: own.publicKey, stating: isAuthority }),
    server: {
      certificate: certify({
        ...issued,
        subject: '127.0.0.1',
        holder: server.publicKey,
        stating: isLocalhost,
      }),
      key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  }
}

function certify(of: {
  readonly issuer: string
  readonly signer: KeyObject
  readonly subject: string
  readonly holder: KeyObject
  readonly stating: Buffer
}): string {
  const algorithm = sequence(der(TAG.objectId, OID.ecdsaWithSha256))
  const now = Date.now()
  const body = sequence(
    VERSION_3,
    // Positive: the first bit is the sign.
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(of.issuer),
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    nameOf(of.subject),
    of.holder.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(of.stating)),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, of.signer)])
  const whole = sequence(body, algorithm, der(TAG.bitString, signature))
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`
}

function nameOf(text: string): Buffer {
  const value = der(TAG.utf8, Buffer.from(text))
  return sequence(der(TAG.set, sequence(der(TAG.objectId, OID.commonName), value)))
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(der(TAG.objectId, id), TRUE, der(TAG.octetString, value))
}

/** Two digits of the year, as until 2049. */
function utcTime(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/\D/g, '').slice(2, 14)
  return der(TAG.utcTime, Buffer.from(`${digits}Z`))
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts))
}

function der(tag: number, value: Buffer): Buffer {
  const { length } = value
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), value])
}
