/**
 * Sets the size of libuv's thread pool. Imported first, before anything has begun to use the pool.
 *
 * Each blocking call of a Kafka client holds one of its threads, which are four by default: a poll, a
 * restore, a commit and a request during a rebalance take them all, and one more call would wait.
 */
const THREADS = '16'

process.env['UV_THREADPOOL_SIZE'] ??= THREADS
