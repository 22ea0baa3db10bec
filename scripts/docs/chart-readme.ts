import { isMap, parseDocument } from 'yaml'
import type { Pair, YAMLMap } from 'yaml'
import { markdownTable } from './markdown.ts'

const INTRODUCTION = `# Helm chart

\`\`\`
helm install scores helm/millrace --values my-values.yaml
\`\`\`

\`ci/\` has a file of values for each common use, all rendered and checked by the tests; start from one of
them. At the least:

\`\`\`yaml
image:
  repository: registry.example/millrace
topics:
  partitions: 6
config:
  KAFKA_BROKERS: kafka:9092
  SCHEMA_REGISTRY_URL: http://registry:8081
\`\`\`

No public registry has the image: build it (\`docs/deploy.md\`) and push it to one that the nodes reach, with the
chart's \`appVersion\` as its tag unless \`image.tag\` or \`image.digest\` says otherwise. It has no model: one is baked in
(\`FROM millrace\`, \`COPY … /model\`), or comes from where \`model.from\` says.

A StatefulSet is the default because its pods keep their names. The pod's name is the \`INSTANCE_ID\`, with
which an instance is a static member of Kafka's group: one that restarts takes its own partitions up
again without a rebalance, and its transactional id fences what it left behind. With a Deployment each
restarted pod is a stranger, and its partitions move twice.

Any mistake in \`config\` is told by \`helm lint\`, \`template\` and \`install\`: \`values.schema.json\` comes from the
declarations that the service itself checks its variables by. Secrets are only ever named
(\`secrets\`), never held.

Written by \`npm run docs\` from \`values.yaml\`.`

/** `helm/millrace/README.md`, from the comments and values of `values.yaml`. */
export function chartReadme(values: string): string {
  const { contents } = parseDocument(values)
  if (!isMap(contents)) throw new Error('values.yaml must hold a map')
  const table = markdownTable(['value', 'default', 'what it does'], rows(contents, ''))
  return `${INTRODUCTION}\n\n## Values\n\n${table}\n`
}

function rows(map: YAMLMap, prefix: string): string[][] {
  return map.items.flatMap((pair, index) => {
    const { key, value } = pair as Pair<{ value: string; commentBefore?: string | null }>
    const name = `${prefix}${key.value}`
    // What stands above the first key belongs to the map.
    const comment = commentOf(key.commentBefore ?? (index === 0 ? map.commentBefore : undefined))
    const isGroup = isMap(value) && value.items.length > 0
    if (isGroup && comment === '') return rows(value, `${name}.`)
    const shown = JSON.stringify(
      isMap(value) ? value.toJSON() : (value as { toJSON(): unknown }).toJSON(),
    )
    return [
      [`\`${name}\``, isGroup && shown.length > 60 ? 'see `values.yaml`' : `\`${shown}\``, comment],
    ]
  })
}

/** The last paragraph above a key is its own. */
function commentOf(comment: string | null | undefined): string {
  const paragraph = (comment ?? '').split(/\n\s*\n/).at(-1) ?? ''
  return paragraph.replace(/\s*\n\s*/g, ' ').trim()
}
