import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** By certificate: when it is valid no longer, seconds since the epoch. */
export type CertificateExpiries = ReadonlyMap<string, number>

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificate files of the Kafka clients, which read them once too; unset ones are left out. */
export interface CertificateFiles {
  readonly kafkaTlsCertFile?: string | undefined
  readonly kafkaTlsCaFile?: string | undefined
}

/** When each file's certificate ends. A file that cannot be read is the client's to refuse. */
export function readExpiries(files: CertificateFiles): CertificateExpiries {
  const expiries = new Map<string, number>()
  // A chain begins with the own certificate; of several authorities, old ones may stay in the file.
  const [own] = endsOf(files.kafkaTlsCertFile)
  const last = endsOf(files.kafkaTlsCaFile)
    .toSorted((a, b) => a - b)
    .at(-1)
  if (own !== undefined) expiries.set('kafka-client', own)
  if (last !== undefined) expiries.set('kafka-ca', last)
  return expiries
}

function endsOf(file: string | undefined): readonly number[] {
  if (file === undefined) return []
  try {
    const blocks = readFileSync(file, 'utf8').match(BLOCK) ?? []
    return blocks.map((block) => new X509Certificate(block).validToDate.getTime() / 1_000)
  } catch {
    return []
  }
}
