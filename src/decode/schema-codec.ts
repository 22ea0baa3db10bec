/** Decodes the bodies of values of one registered schema. Avro has one; other formats can. */
export interface SchemaCodec {
  /** Wanted fields that the schema does not have. */
  readonly missing: readonly string[]
  /**
   * Reads the wanted fields, in order; an absent one is `undefined`.
   *
   * @param from where the body begins
   * @param into one slot per wanted field; overwritten
   * @returns what is wrong with the bytes; `undefined` when nothing is
   */
  decode(value: Buffer, from: number, into: unknown[]): string | undefined
}
