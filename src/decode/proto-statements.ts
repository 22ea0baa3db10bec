/** Comments, texts, and runs of everything else up to a sign that means something here. */
const PIECE =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\s+|[^\s"'/{};=]+|[\s\S]/g

/** Options that say how values are read. */
const FEATURES = /\bfeatures\s*$/

/** A default that a double may not hold. */
const LARGE_NUMBER = /^(-?(?:\d{16,}|0x[0-9a-f]+))(?=[\],]|$)/i

/**
 * A Protobuf schema without what `protobufjs` does not parse, though it is legal, and reading has no use for:
 * the messages that options are set to (`[(meta) = { … }]`), and statements of nothing (`;;`). Large numbers that
 * are defaults become texts, since `protobufjs` reads doubles.
 */
export function readableProto(schema: string): string {
  const kept: string[] = []
  /** How deep within an option's message; what is within is left out. */
  let depth = 0
  let last = ';'
  let name = ''
  for (const [piece] of schema.matchAll(PIECE)) {
    const isSign = piece.length === 1 && '{};='.includes(piece)
    if (depth > 0) {
      if (piece === '{') depth += 1
      else if (piece === '}') depth -= 1
      continue
    }
    if (piece === '{' && last === '=' && !FEATURES.test(name)) {
      depth = 1
      last = '0'
      kept.push('0')
      continue
    }
    const isNothing = piece === ';' && (last === ';' || last === '{')
    const isDefault = last === '=' && name.endsWith('default')
    if (!isNothing) kept.push(isDefault ? piece.replace(LARGE_NUMBER, '"$1"') : piece)
    if (isSign) last = piece
    else if (isMeant(piece)) {
      name = piece
      last = piece
    }
  }
  return kept.join('')
}

function isMeant(piece: string): boolean {
  return piece.trim() !== '' && !piece.startsWith('//') && !piece.startsWith('/*')
}
