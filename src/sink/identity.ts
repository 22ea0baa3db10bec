/** Which model, exactly, an output was made by. */
export interface ModelIdentity {
  readonly name: string
  readonly version: string
  /** Of the model file, hexadecimal. */
  readonly modelSha256: string
  /** Of the `model.yaml`, hexadecimal. */
  readonly specSha256: string
}
