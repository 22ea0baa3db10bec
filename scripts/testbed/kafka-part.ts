import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Part } from './part.ts'

const START_WAIT_MS = 60_000
const LOCAL = resolve(import.meta.dirname, '../../.millrace')

/** Path of the Java that the bootstrap found. */
export const JAVA = join(LOCAL, 'bin', 'java')
/** Folder of the schema registry that the bootstrap fetched. */
export const REGISTRY_FOLDER = join(LOCAL, 'registry')
/** All of Kafka, its tools too. */
export const CLASSPATH = join(LOCAL, 'kafka', '*')

/** For programs that mostly start: no second compiler, whose work would never pay, and the simplest collector. */
export const SHORT_LIVED_JAVA: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/** A second way to the broker: it listens on one port and tells its clients to come to another. */
export interface DetourPorts {
  readonly port: number
  /** Where something listens that passes on to `port`. */
  readonly advertisedPort: number
}

/** A further way in, by TLS and a password; who comes this way has the rights that were given to it. */
export interface SecuredPort {
  readonly port: number
  /** PEM: the broker's key (PKCS #8), its certificate and those of the authorities above it. */
  readonly keyStoreFile: string
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>
}

/** Ports of one broker. */
export interface KafkaPorts {
  readonly port: number
  readonly controllerPort: number
  readonly detour?: DetourPorts | undefined
  /** With it the broker asks for rights; who comes by the plain port has all of them. */
  readonly secured?: SecuredPort | undefined
}

/**
 * One Kafka process, broker and controller in one (KRaft), with its log formatted.
 *
 * @param java its options, by default those of one whose throughput counts
 */
export async function kafkaPart(
  folder: string,
  ports: KafkaPorts,
  java: readonly string[] = ['-XX:+UseG1GC'],
): Promise<Part> {
  if (!existsSync(JAVA)) throw new Error('no Java is set up: run scripts/bootstrap.sh')
  const data = join(folder, 'kafka')
  mkdirSync(data, { recursive: true })
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, serverProperties(join(data, 'log'), ports))
  // Never a dash first: it would be taken for an option.
  const id = `M${randomBytes(16).toString('base64url').slice(1)}`
  const format = ['format', '-t', id, '-c', properties, ...scramOptions(ports.secured)]
  await promisify(execFile)(JAVA, [
    ...SHORT_LIVED_JAVA,
    '-cp',
    CLASSPATH,
    'kafka.tools.StorageTool',
    ...format,
  ])
  return new Part({
    name: 'Kafka',
    command: JAVA,
    args: ['-Xms512m', '-Xmx1g', ...java, '-cp', CLASSPATH, 'kafka.Kafka', properties],
    cwd: folder,
    logFile: join(folder, 'kafka.log'),
    isUp: () => accepts(ports.port),
    startWaitMs: START_WAIT_MS,
  })
}

function serverProperties(logFolder: string, ports: KafkaPorts): string {
  const { port, controllerPort, detour, secured } = ports
  const listeners = [
    { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port, advertisedPort: port },
    ...(detour === undefined ? [] : [{ name: 'DETOUR', protocol: 'PLAINTEXT', ...detour }]),
    ...(secured === undefined
      ? []
      : [
          {
            name: 'SECURED',
            protocol: 'SASL_SSL',
            port: secured.port,
            advertisedPort: secured.port,
          },
        ]),
  ]
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: [
      ...listeners.map((each) => `${each.name}://127.0.0.1:${each.port}`),
      `CONTROLLER://127.0.0.1:${controllerPort}`,
    ],
    'advertised.listeners': listeners.map(
      ({ name, advertisedPort }) => `${name}://127.0.0.1:${advertisedPort}`,
    ),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': [
      'CONTROLLER:PLAINTEXT',
      ...listeners.map(({ name, protocol }) => `${name}:${protocol}`),
    ],
    'log.dirs': logFolder.replaceAll('\\', '/'),
    'offsets.topic.replication.factor': 1,
    // An index file is mapped, and its first entry can cost CPU in proportion to its size: 2.4 ms at the default of 10 MB
    // (ext4, Linux 6.18). All partitions of a new topic come to theirs at once. A segment ends with its index: after 85 MB.
    'log.index.size.max.bytes': 256 * 1024,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    // A broker that was killed is not let in again before its former session is over: 9 s by default.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    // Transactions whose time is over are looked for each second, not each tenth.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1_000,
    // Records of 2013 would otherwise be older than the retention of a week at once.
    'log.retention.hours': -1,
    ...(secured === undefined ? {} : securedProperties(secured)),
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}=${String(value)}`)
  return `${text.join('\n')}\n`
}

/** Rights are asked for; who comes without a name, by the plain port, may do everything. */
function securedProperties({ keyStoreFile, users }: SecuredPort) {
  const listener = 'listener.name.secured'
  const login = 'org.apache.kafka.common.security'
  const known = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`)
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    [`${listener}.ssl.keystore.type`]: 'PEM',
    [`${listener}.ssl.keystore.location`]: keyStoreFile.replaceAll('\\', '/'),
    [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-512',
    [`${listener}.plain.sasl.jaas.config`]: `${login}.plain.PlainLoginModule required ${known.join(' ')};`,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: `${login}.scram.ScramLoginModule required;`,
  }
}

/** SCRAM's passwords are kept with the cluster's metadata, which formatting begins. */
function scramOptions(secured: SecuredPort | undefined): readonly string[] {
  return Object.entries(secured?.users ?? {}).flatMap(([user, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${user},password=${password}]`,
  ])
}

/** Whether a connection is taken. */
function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = new Socket()
    const end = (isOpen: boolean) => {
      socket.destroy()
      done(isOpen)
    }
    socket.setTimeout(1000, () => end(false))
    socket.once('error', () => end(false))
    socket.connect(port, '127.0.0.1', () => end(true))
  })
}
