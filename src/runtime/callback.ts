/** Turns one call of a callback API into a promise. A synchronous throw rejects it too. */
export function fromCallback<Value>(
  start: (done: (error: unknown, value: Value) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(error)
      else resolve(value)
    })
  })
}
