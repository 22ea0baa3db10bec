/** Cells of a full page, about: 128 KiB. */
const PAGE_CELLS = 1 << 14
/** The first page begins with so many blocks and doubles, so that a small state stays small. */
const FIRST_PAGE_BLOCKS = 4

/**
 * Blocks of one size, packed without holes: when one is given back, the last takes its place. So what
 * is held is what is in use and less than a page more, whatever came and went before.
 */
export class TileSlab {
  readonly #blockCells: number
  /** Blocks per page are a power of two: 1 << shift. */
  readonly #shift: number
  readonly #pages: Float64Array[] = []
  /** Whose each block is. */
  #owners: Int32Array = new Int32Array(FIRST_PAGE_BLOCKS)
  #count = 0

  constructor(blockCells: number) {
    this.#blockCells = blockCells
    this.#shift = Math.max(0, Math.floor(Math.log2(PAGE_CELLS / blockCells)))
  }

  /** The page that holds a block; of no use once a block has been taken or given back. */
  page(block: number): Float64Array {
    return this.#pages[block >>> this.#shift] ?? NO_CELLS
  }

  /** Where in its page a block begins. */
  offset(block: number): number {
    return (block & ((1 << this.#shift) - 1)) * this.#blockCells
  }

  /** A block for an owner, a number ≥ 0; its cells hold anything. */
  take(owner: number): number {
    const block = this.#count++
    this.#makeRoom(block)
    this.#owners[block] = owner
    return block
  }

  /** Gives a block back. @returns whose block lies in its place now; −1: nobody's */
  giveBack(block: number): number {
    const last = --this.#count
    const owner = last === block ? -1 : (this.#owners[last] ?? -1)
    if (owner >= 0) {
      const from = this.offset(last)
      const cells = this.page(last).subarray(from, from + this.#blockCells)
      this.page(block).set(cells, this.offset(block))
      this.#owners[block] = owner
    }
    // One empty page is kept: the next block may need it at once.
    if ((this.#pages.length - 2) << this.#shift >= this.#count && this.#pages.length > 1) {
      this.#pages.length--
    }
    return owner
  }

  #makeRoom(block: number): void {
    if (block >= this.#owners.length) {
      const grown = new Int32Array(this.#owners.length * 2)
      grown.set(this.#owners)
      this.#owners = grown
    }
    const pageBlocks = 1 << this.#shift
    const index = block >>> this.#shift
    const page = this.#pages[index]
    if (index > 0) {
      if (page === undefined) this.#pages.push(new Float64Array(pageBlocks * this.#blockCells))
      return
    }
    const held = (page?.length ?? 0) / this.#blockCells
    if (block < held) return
    const blocks = Math.min(pageBlocks, Math.max(FIRST_PAGE_BLOCKS, held * 2))
    const grown = new Float64Array(blocks * this.#blockCells)
    if (page !== undefined) grown.set(page)
    this.#pages[0] = grown
  }
}

const NO_CELLS = new Float64Array()
