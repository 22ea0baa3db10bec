import { Worker } from 'node:worker_threads'
import { ServiceError, invariant } from '../domain/errors.ts'
import type { ScorerAnswer, ScorerRequest, WorkerSetup } from './messages.ts'

interface Call {
  readonly resolve: (answer: ScorerAnswer) => void
  readonly reject: (error: unknown) => void
}

/**
 * A worker thread with at most one request in flight. A crash rejects the outstanding request and
 * every later one, so that nobody waits for an answer that cannot come.
 */
export class WorkerChannel {
  readonly #worker: Worker
  #call: Call | undefined
  #broken: ServiceError | undefined
  #closing = false

  constructor(script: URL, setup: WorkerSetup) {
    this.#worker = new Worker(script, { workerData: setup, name: 'inference' })
    this.#worker.on('message', (answer: ScorerAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#break('the inference worker crashed', error))
    this.#worker.on('exit', (code) => {
      if (!this.#closing) this.#break(`the inference worker ended with status ${code}`)
    })
  }

  /**
   * Waits for the worker's first word: it is said without being asked.
   *
   * @throws ServiceError `INVARIANT_BROKEN` when the worker ends before it
   */
  ready(): Promise<ScorerAnswer> {
    return this.#wait()
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws ServiceError `INVARIANT_BROKEN` when another is in flight, or the worker has ended
   */
  ask(request: ScorerRequest): Promise<ScorerAnswer> {
    const answer = this.#wait()
    if (this.#broken === undefined) this.#worker.postMessage(request)
    return answer
  }

  /** @throws ServiceError `INVARIANT_BROKEN` when a request is in flight */
  requireIdle(): void {
    invariant(this.#call === undefined, 'one scoring call at a time')
  }

  /** Lets the worker end and waits for it. Requests from then on are refused. */
  async close(): Promise<void> {
    if (this.#closing || this.#broken !== undefined) return
    this.#closing = true
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.postMessage({ kind: 'close' })
    await ended
    this.#break('the scorer is closed')
  }

  #wait(): Promise<ScorerAnswer> {
    this.requireIdle()
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      this.#call = { resolve, reject }
    })
  }

  #settle(answer: ScorerAnswer): void {
    const call = this.#call
    this.#call = undefined
    call?.resolve(answer)
  }

  #break(message: string, cause?: unknown): void {
    this.#broken ??= new ServiceError('INVARIANT_BROKEN', message, cause)
    const call = this.#call
    this.#call = undefined
    call?.reject(this.#broken)
  }
}
