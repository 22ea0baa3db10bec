/** Repeats a call of the start until it is answered; meanwhile health and log say what is waited for. */
export type WaitFor = <Value>(call: () => Promise<Value>) => Promise<Value>
