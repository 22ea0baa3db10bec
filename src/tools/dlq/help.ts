import { CONDITIONS } from './filter.ts'

/** What `millrace dlq --help` prints. */
export function dlqHelp(): string {
  const conditions = Object.entries(CONDITIONS).map(
    ([name, { says }]) => `  ${`${name}=`.padEnd(11)} ${says}`,
  )
  return `millrace dlq: what became a dead letter, why, and how to bring it back

Usage
  millrace dlq stats [--where …] [--json | --prometheus]
      how many, by reason, by schema, over time; how many wait and since when
  millrace dlq watch
      how many wait, by reason, and since when, served to Prometheus on HTTP_PORT until SIGTERM or SIGINT
  millrace dlq list [--where …] [--all] [--limit 20] [--after P:O] [--json]
      one page of those that wait; --all: also those that were replayed
  millrace dlq show P:O [--json]
      one letter: why, its bytes with the offending one marked, and whether it would pass now
  millrace dlq replay [--to input] [--dry-run] [--where …] [--limit N] [--rate N] [--include-late] [--json]
      writes letters back to INPUT_TOPIC; --rate: at most so many a second
      --to predictions: scores them itself, for models without windows
  millrace dlq export [--where …] [--all] > letters.ndjson
  millrace dlq import [--json] < letters.ndjson
      letters as lines of JSON, out and back in
  millrace dlq purge P:O [--yes] [--json]
      deletes a partition's letters up to this one, after asking

P:O is a letter's partition and offset on DEAD_LETTER_TOPIC, as list shows it. It is configured as the
service is, by the same environment; MODEL_DIR is the model that letters are judged by.

--where NAME=VALUE chooses letters; given again with another name both must hold, with the same name
either:
${conditions.join('\n')}

A day with dead letters
  millrace dlq stats                                     what is wrong, and since when?
  millrace dlq show 0:41                                 one of them in full
  (mend the schema, or deploy a model that fits)
  millrace dlq replay --dry-run                          would they pass now?
  millrace dlq replay --where reason=undecodable --limit 10
  millrace dlq replay --rate 500                         all that is left, gently

What watch serves
  /metrics       how many wait and since when, as stats --prometheus; and when it last read to the ends
  /health/ready  once it has read to the ends of the topic, until it cannot any more, saying why
  /health/live   unless it stands still
  It looks for what is new every five seconds, and outlives brokers that are away.

What is safe
  A replay writes the record and a marker that says so in one transaction. Whoever replays first fences
  every other run of this APP_ID's dead-letter commands, then reads all markers: so a second replay, two
  at once, or a crash in the middle bring no record back twice. That memory lies on the dead-letter
  topic: it is kept as long as the letters, and gone with a purge. Never import what was purged after
  it was replayed.
  What would fail again is left, as is what was replayed DLQ_MAX_REPLAYS times. What is late by now is left
  unless --include-late sends it on, to LATE_TOPIC.
  Other consumers of INPUT_TOPIC see replayed records too; the header millrace.replays tells them.

--to predictions
  Features, prediction and audit record are written by the command, as the service would have written them
  where the letter was read; nothing goes to INPUT_TOPIC. MODEL_DIR must be the deployed model. It is refused
  for models with windows: their state belongs to the running service. The audit record is the second one of
  its input record and says so: it has a reason, and the header millrace.replays. What is late by now and was
  never decoded is left unless --include-late scores it. DLQ_MAX_REPLAYS does not count here.

Exit status
  0  done; with --dry-run: all would pass
  7  not all: some letters are left, there is no such letter, or nobody agreed to a purge
  Others as of every command: millrace --help

Step by step: docs/guides/dead-letters.md
`
}
