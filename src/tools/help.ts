import { EXIT_STATUSES } from './exit-statuses.ts'

/** What `millrace --help` prints. */
export function helpText(version: string): string {
  const statuses = EXIT_STATUSES.map(({ status, meaning }) => `  ${status}  ${meaning}`)
  return `millrace ${version}: exactly-once ML inference on Kafka streams

Reads events from a topic, computes event-time features per key, scores them with an ONNX model, and
writes features, predictions and audit records in one transaction with the consumer offsets.

Usage
  millrace [run]             run the service until SIGTERM or SIGINT
  millrace config [--json]   print the effective configuration and where each value comes from
  millrace dlq …             look into dead letters, replay them, watch how many wait:
                             millrace dlq --help
  millrace schema check [SUBJECT] [--message NAME] [--json]
                             whether each version of a subject (default: that of
                             INPUT_TOPIC) can feed the model, and what would break;
                             of Protobuf the message NAME (default: the first)
  millrace drift --from URL[,URL…] [--json]
                             how a fleet's events differ from the training data
  millrace drift reference FILE… [--time COLUMN] [--json]
                             measure the training data's feature rows, so that drift is
                             watched: writes MODEL_DIR/reference.json
  millrace --help
  millrace --version

It is configured by environment variables. To start with:
  KAFKA_BROKERS              host:port of the brokers, separated by commas     (required)
  SCHEMA_REGISTRY_URL        the schema registry      (required unless INPUT_FORMAT=json)
  APP_ID                     the consumer group                                (required)
  MODEL_DIR                  the folder with model.yaml and the ONNX file      (required)
  INPUT_TOPIC                the events                                 (default: events)
  INSTANCE_ID                unique per instance, stable          (default: the host name)

For example
  KAFKA_BROKERS=localhost:9092 SCHEMA_REGISTRY_URL=http://localhost:8081 \\
    APP_ID=flights MODEL_DIR=models/flight-delay millrace

The input topic and all output topics must exist; outputs with as many partitions as the input, at
least. Health, metrics and a status page are served on HTTP_PORT (default 8080).

Exit status
${statuses.join('\n')}

All variables: docs/configuration.md    Errors and what to do: docs/operations.md
`
}
