import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** By certificate: when it is valid no longer, seconds since the epoch. */
export type CertificateExpiries = ReadonlyMap<string, number>

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The certificate files of the Kafka clients, which read them once too; unset ones are left out. */
export interface CertificateFiles {
  readonly 'kafka-client': string | undefined
  readonly 'kafka-ca': string | undefined
}

/** When each file's certificate ends. A file that cannot be read is the client's to refuse. */
export function readExpiries(files: CertificateFiles): CertificateExpiries {
  const expiries = new Map<string, number>()
  for (const [certificate, file] of Object.entries(files)) {
    const ends = file === undefined ? [] : endsOf(file)
    // A chain begins with the own certificate; of several authorities, old ones may stay in the file.
    const end = certificate === 'kafka-client' ? ends[0] : Math.max(...ends)
    if (end !== undefined && Number.isFinite(end)) expiries.set(certificate, end)
  }
  return expiries
}

function endsOf(file: string): readonly number[] {
  try {
    const blocks = readFileSync(file, 'utf8').match(BLOCK) ?? []
    return blocks.map((block) => new X509Certificate(block).validToDate.getTime() / 1_000)
  } catch {
    return []
  }
}
