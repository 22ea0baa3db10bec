/** What is to be undone in the end, last things first, whatever fails on the way. */
export class Cleanup {
  readonly #undo: (() => unknown)[] = []

  add(undo: () => unknown): void {
    this.#undo.push(undo)
  }

  /** Once only; what cannot be undone keeps nothing else from it. @returns what went wrong */
  async run(): Promise<readonly string[]> {
    const problems: string[] = []
    for (const undo of this.#undo.splice(0).toReversed()) {
      try {
        await undo()
      } catch (error) {
        problems.push(`while ending: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return problems
  }
}
