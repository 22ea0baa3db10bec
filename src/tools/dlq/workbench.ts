import type { Clock } from '../../runtime/clock.ts'
import type { TransactionalProducer } from '../../sink/port.ts'
import type { Judge } from './judge.ts'
import type { Place, Queue } from './queue.ts'
import type { ReplayTarget } from './target.ts'

/** What the commands work with, each part opened when it is first asked for. */
export interface Workbench {
  readonly appId: string
  readonly deadLetterTopic: string
  /** Bound on how often a record is brought back. */
  readonly replaysMax: number
  readonly clock: Clock
  /** The dead letters as they are now. @throws ServiceError `KAFKA_UNAVAILABLE`, `TOPIC_MISSING` */
  queue(): Promise<Queue>
  /** Follows the dead letters and serves how many wait, until asked to stop. @returns the exit status */
  watch(): Promise<number>
  /** @throws ServiceError `MODEL_INVALID`, `KAFKA_UNAVAILABLE` */
  judge(): Promise<Judge>
  /**
   * What answers letters as the service would, by the same model folder.
   *
   * @throws ServiceError `CONFIG_INVALID` when its model has windows; `MODEL_MISMATCH`; where something is
   *   to be written also `SCHEMA_REFUSED`, `REGISTRY_UNAVAILABLE`, `TOPIC_MISSING`
   */
  predictions(of: { readonly judge: Judge; readonly isDryRun: boolean }): Promise<ReplayTarget>
  /**
   * The one producer of this application's dead-letter tools. Once it is there, no other run of them can
   * commit, and all that others have committed can be read. @throws ServiceError `KAFKA_UNAVAILABLE`
   */
  producer(): Promise<TransactionalProducer>
  /** Deletes the records of the dead-letter topic up to a place, that included. */
  deleteThrough(place: Place): Promise<void>
  /** Lines of the standard input. */
  lines(): AsyncIterable<string>
  /** Whether the one who is asked agrees; `undefined` when nobody can be asked. */
  confirm(question: string): Promise<boolean | undefined>
  /** Results. */
  print(text: string): void
  /** Progress and remarks. */
  note(text: string): void
  /** Whether someone asked to stop. */
  isStopped(): boolean
}
