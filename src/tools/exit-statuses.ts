import { EXIT } from '../domain/errors.ts'

/** What an exit status means to an operator, and what to do. */
export interface ExitHelp {
  readonly meaning: string
  readonly remedy: string
}

/** Every exit status in words, for `--help` and `docs/operations.md`. */
const EXIT_HELP = {
  ok: { meaning: 'stopped as asked', remedy: 'Nothing.' },
  internal: {
    meaning: 'a bug, or an error nobody classified',
    remedy:
      'Restart: nothing is lost or doubled. Report it with the last log lines, which hold the cause.',
  },
  config: {
    meaning: 'configuration, model folder, topics or rights are wrong',
    remedy: 'Set right what the last log line names. A restart alone will not help.',
  },
  fenced: {
    meaning: 'fenced by another instance, or the result of a commit is unknown',
    remedy:
      'Restart: the next start asks the broker what was committed. If it comes back again and ' +
      'again, two processes share one `INSTANCE_ID`.',
  },
  unavailable: {
    meaning: 'something the service needs did not answer in time',
    remedy: 'Look after what the last log line names; restarts go on until it answers.',
  },
  state: {
    meaning: 'state cannot be rebuilt, or has reached its bound',
    remedy: 'See `STATE_GAP` and `STATE_KEYS_MAX` below. A restart alone will not help.',
  },
  forced: {
    meaning: 'the shutdown took longer than SHUTDOWN_GRACE_MS, or a second signal came',
    remedy:
      'Nothing is lost or doubled: the open transaction is aborted and its records are answered ' +
      'after the next start. If it happens often, raise `SHUTDOWN_GRACE_MS`.',
  },
  incomplete: {
    meaning: 'of commands: something does not fit, or not all that was asked for could be done',
    remedy: 'The service never gives it. Look at what the command printed.',
  },
} as const satisfies Record<keyof typeof EXIT, ExitHelp>

/** Exit statuses by number, with their words. */
export const EXIT_STATUSES: readonly ({ readonly status: number } & ExitHelp)[] = Object.entries(
  EXIT_HELP,
).map(([name, help]) => {
  const [, status = EXIT.internal] = Object.entries(EXIT).find(([known]) => known === name) ?? []
  return { status, ...help }
})
