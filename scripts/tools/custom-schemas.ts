/**
 * Turns the definitions of custom kinds (CustomResourceDefinition, YAML) into JSON schemas under the names that
 * kubeconform asks for, one a served version. As strict as those of Kubernetes' own kinds: a field that the
 * definition does not have is refused, where the API server would drop it without a word. Rules in CEL
 * (`x-kubernetes-validations`) are left out.
 *
 *     node scripts/tools/custom-schemas.ts TARGET-FOLDER DEFINITION...
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

type Node = Readonly<Record<string, unknown>>

interface Definition {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly {
      readonly name: string
      readonly served: boolean
      readonly schema: { readonly openAPIV3Schema: Node }
    }[]
  }
}

/** Keys whose values are schemas by name, not schemas. */
const BY_NAME = new Set(['properties', 'patternProperties'])

const [target = '', ...files] = process.argv.slice(2)
mkdirSync(target, { recursive: true })
for (const file of files) {
  const { spec } = parse(readFileSync(file, 'utf8')) as Definition
  for (const { name, served, schema } of spec.versions) {
    if (!served) continue
    const parts = [spec.names.kind.toLowerCase(), spec.group.split('.')[0], name]
    const strict = JSON.stringify(strictSchema(schema.openAPIV3Schema))
    writeFileSync(join(target, `${parts.join('-')}.json`), strict)
  }
}

/** The same schema, in which an object has no fields but those it is said to have. */
function strictSchema(schema: Node): Node {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      BY_NAME.has(key) && isNode(value) ? mapped(value) : strictOf(value),
    ]),
  )
  const isOpen =
    schema['properties'] === undefined ||
    schema['additionalProperties'] !== undefined ||
    schema['x-kubernetes-preserve-unknown-fields'] === true
  const nullable = schema['nullable'] === true ? { type: [schema['type'], 'null'] } : {}
  return { ...inner, ...nullable, ...(!isOpen && { additionalProperties: false }) }
}

function mapped(schemas: Node): Node {
  return Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, strictOf(each)]))
}

function strictOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictOf)
  return isNode(value) ? strictSchema(value) : value
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
