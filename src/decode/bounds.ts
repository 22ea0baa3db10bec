/**
 * The bounds of what is read from bytes that nobody vouches for. They are checked before memory is
 * taken or a loop is entered; what breaks one is a dead letter that names value and bound.
 */

/** Largest value in a binary format, bytes. */
export const BINARY_BYTES_MAX = 16 * 1024 * 1024

/** Largest value in JSON, bytes: parsed JSON takes many times the room of its text. */
export const JSON_BYTES_MAX = 1024 * 1024

/** Largest JSON value that holds a wanted integer beyond 2^53, bytes: it is parsed a second time, for its digits. */
export const EXACT_JSON_BYTES_MAX = 512 * 1024

/** Deepest nesting that is followed: JSON, Avro's records, Protobuf's messages and groups. */
export const DEPTH_MAX = 64

/**
 * Most items of types that take no bytes (`null`, an empty record) in one value: more than a value
 * has bytes can be nothing else, and a damaged count must not be followed for ever.
 */
export const EMPTY_ITEMS_MAX = 100_000

/**
 * Steps through the fields of records that may be taken for each byte of a value, beyond `EMPTY_ITEMS_MAX`: fields
 * that take no bytes, and records of them, are steps without end in a value of a few bytes.
 */
export const STEPS_PER_BYTE_MAX = 16

/** Most bytes of a decimal's unscaled number: some 150 digits. */
export const DECIMAL_BYTES_MAX = 64

/** Largest schema that is compiled, characters. */
export const SCHEMA_CHARS_MAX = 1024 * 1024

/** Deepest message of a Protobuf schema that message indexes may name. */
export const MESSAGE_INDEXES_MAX = 32
