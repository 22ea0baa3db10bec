import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaPart, SHORT_LIVED_JAVA } from '../../scripts/testbed/kafka-part.ts'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { createAuthority } from './certificates.ts'

/** A broker that asks who comes, over TLS, and what they may do. */
export interface SecuredBroker {
  /** Where the test itself comes, with all rights and no questions. */
  readonly plainPort: number
  /** What the service needs to come the secured way, but for mechanism, user and password. */
  readonly env: Readonly<Record<string, string>>
  /** An authority that did not sign the broker's certificate. */
  readonly otherAuthorityFile: string
  stop(): Promise<void>
}

/** Starts one that knows these users. It takes some 3 s. */
export async function startSecured(
  users: Readonly<Record<string, string>>,
): Promise<SecuredBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-secured-'))
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const { certificate, server } = createAuthority('Millrace test')
  const keyStoreFile = file('broker.pem', server.key + server.certificate + certificate)
  const [plainPort = 0, controllerPort = 0, port = 0] = await freePorts(3)
  const secured = { port, keyStoreFile, users }
  const ports = { port: plainPort, controllerPort, secured }
  const broker = await kafkaPart(folder, ports, SHORT_LIVED_JAVA)
  await broker.start()
  return {
    plainPort,
    env: {
      KAFKA_BROKERS: `127.0.0.1:${port}`,
      KAFKA_SECURITY_PROTOCOL: 'sasl_ssl',
      KAFKA_TLS_CA_FILE: file('authority.pem', certificate),
    },
    otherAuthorityFile: file('other.pem', createAuthority('Somebody else').certificate),
    stop: async () => {
      await broker.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
