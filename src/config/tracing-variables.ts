import {
  choice,
  credential,
  flag,
  optional,
  share,
  text,
  url,
  whole,
  withDefault,
  words,
} from './variable.ts'

const group = 'Tracing'

/**
 * Tracing, by the names that OpenTelemetry gives it:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Those that begin with
 * `OTEL_EXPORTER_OTLP` are checked here and read by OpenTelemetry's own exporter, as is
 * `OTEL_RESOURCE_ATTRIBUTES`.
 */
export const tracingVariables = {
  otelSdkDisabled: withDefault(flag, {
    name: 'OTEL_SDK_DISABLED',
    group,
    default: 'false',
    description: '`true`: no traces, whatever else is set',
  }),
  otelTracesExporter: optional(choice(['otlp', 'none']), {
    name: 'OTEL_TRACES_EXPORTER',
    group,
    defaultFrom: '`otlp` where an OTLP endpoint is set, else `none`',
    description:
      'Where traces go. Unlike elsewhere nothing is exported until this or an endpoint is set',
  }),
  otelPropagators: optional(words, {
    name: 'OTEL_PROPAGATORS',
    group,
    defaultFrom: '`tracecontext` where traces are exported, else `none`',
    description:
      'With `tracecontext` among them, `traceparent` and `tracestate` of an input record go on with ' +
      'features, prediction and audit, also where no traces are exported. Others have no effect',
  }),
  otelExporterOtlpEndpoint: optional(url, {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    group,
    defaultFrom: '`http://localhost:4318`',
    description: 'Address of an OTLP receiver; `v1/traces` is added to it',
  }),
  otelExporterOtlpTracesEndpoint: optional(url, {
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    group,
    description: 'The whole address for traces, instead',
  }),
  otelExporterOtlpProtocol: withDefault(choice(['http/protobuf']), {
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    group,
    default: 'http/protobuf',
    description: 'How the receiver is talked to: there is one way',
  }),
  otelExporterOtlpHeaders: optional(credential, {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    group,
    secret: true,
    description: 'Headers of every request, `name=value` separated by commas',
  }),
  otelExporterOtlpTimeout: withDefault(whole(1, 600_000), {
    name: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    group,
    unit: 'ms',
    default: '10000',
    description: 'Longest time of a request, its repetitions included',
  }),
  otelExporterOtlpCompression: withDefault(choice(['none', 'gzip']), {
    name: 'OTEL_EXPORTER_OTLP_COMPRESSION',
    group,
    default: 'none',
    description: 'Compression of requests',
  }),
  otelExporterOtlpCertificate: optional(text, {
    name: 'OTEL_EXPORTER_OTLP_CERTIFICATE',
    group,
    description: "PEM file of the authorities to trust; unset: Node's own",
  }),
  otelExporterOtlpClientCertificate: optional(text, {
    name: 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
    group,
    description: "PEM file of the service's own certificate, for mutual TLS",
  }),
  otelExporterOtlpClientKey: optional(text, {
    name: 'OTEL_EXPORTER_OTLP_CLIENT_KEY',
    group,
    description: 'PEM file of the key of that certificate',
  }),
  otelServiceName: optional(text, {
    name: 'OTEL_SERVICE_NAME',
    group,
    defaultFrom: '`APP_ID`',
    description: 'The `service.name` of the spans',
  }),
  otelResourceAttributes: optional(text, {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    group,
    description: 'Further attributes of the resource, `name=value` separated by commas',
  }),
  otelTracesSampler: withDefault(
    choice([
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
      'always_on',
      'always_off',
      'traceidratio',
    ]),
    {
      name: 'OTEL_TRACES_SAMPLER',
      group,
      default: 'parentbased_always_on',
      description:
        'Which units of work have a span. The parents of a unit are its records: with `parentbased_…` it ' +
        'has one when any of them is sampled, none when none is of those that have a trace context, ' +
        'and what the rest of the name says when none has one',
    },
  ),
  otelTracesSamplerArg: withDefault(share, {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    group,
    default: '1',
    description: 'Share of the units, for `…traceidratio`',
  }),
  otelSpanLinkCountLimit: withDefault(whole(0, 1_000), {
    name: 'OTEL_SPAN_LINK_COUNT_LIMIT',
    group,
    unit: 'links',
    // 128 elsewhere: a full queue would then weigh 100 MB.
    default: '32',
    description: 'Most links of a span: the first sampled records of the unit',
  }),
  otelBspScheduleDelay: withDefault(whole(1, 600_000), {
    name: 'OTEL_BSP_SCHEDULE_DELAY',
    group,
    unit: 'ms',
    default: '5000',
    description: 'Longest time that a span waits to be exported',
  }),
  otelBspMaxQueueSize: withDefault(whole(1, 100_000), {
    name: 'OTEL_BSP_MAX_QUEUE_SIZE',
    group,
    unit: 'spans',
    default: '2048',
    description: 'Most spans that wait; more are dropped. Nothing else ever waits for an export',
  }),
  otelBspMaxExportBatchSize: withDefault(whole(1, 10_000), {
    name: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    group,
    unit: 'spans',
    default: '512',
    description: 'Most spans of one request',
  }),
  otelBspExportTimeout: withDefault(whole(1, 600_000), {
    name: 'OTEL_BSP_EXPORT_TIMEOUT',
    group,
    unit: 'ms',
    default: '30000',
    description: 'Longest time until the next spans are exported, whatever became of the last',
  }),
}
