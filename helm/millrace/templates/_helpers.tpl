{{- define "millrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "millrace.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "millrace.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "millrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "millrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "millrace.labels" -}}
{{ include "millrace.selectorLabels" . }}
{{ include "millrace.releaseLabels" . }}
{{- end }}

{{- define "millrace.releaseLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The watch of the dead letters: none of the instances, so that no budget, service or test counts it as one. */}}
{{- define "millrace.watchSelectorLabels" -}}
app.kubernetes.io/name: {{ include "millrace.name" . }}-dlq-watch
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* All that is scraped: the instances, and the watch where there is one. */}}
{{- define "millrace.scrapedSelector" -}}
{{- if .Values.deadLetterWatch.enabled -}}
matchLabels:
  app.kubernetes.io/instance: {{ .Release.Name }}
matchExpressions:
  - key: app.kubernetes.io/name
    operator: In
    values: [{{ include "millrace.name" . }}, {{ include "millrace.name" . }}-dlq-watch]
{{- else -}}
matchLabels:
  {{- include "millrace.selectorLabels" . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "millrace.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "millrace.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "millrace.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* A value as the environment holds it. Whole numbers come as floats, which would print as 1e+09. */}}
{{- define "millrace.value" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}{{ else }}{{ toString . }}{{ end }}
{{- end }}

{{/* The variable of `config`, or its default in the service. Called with (list root name default). */}}
{{- define "millrace.variable" -}}
{{- $given := index (index . 0).Values.config (index . 1) }}
{{- if kindIs "invalid" $given }}{{ index . 2 }}{{ else }}{{ include "millrace.value" $given }}{{ end }}
{{- end }}

{{- define "millrace.appId" -}}
{{- include "millrace.variable" (list . "APP_ID" (include "millrace.fullname" .)) }}
{{- end }}

{{- define "millrace.inputTopic" -}}
{{- include "millrace.variable" (list . "INPUT_TOPIC" "events") }}
{{- end }}

{{- define "millrace.deadLetterTopic" -}}
{{- include "millrace.variable" (list . "DEAD_LETTER_TOPIC" "ml-dead-letters") }}
{{- end }}

{{- define "millrace.stateTopic" -}}
{{- include "millrace.variable" (list . "STATE_TOPIC" (printf "%s-state" (include "millrace.appId" .))) }}
{{- end }}

{{/* Names of the output topics whose records the service makes, separated by spaces; the changelog is none of them. */}}
{{- define "millrace.rowTopics" -}}
{{- include "millrace.variable" (list . "FEATURES_TOPIC" "ml-features") }}
{{- printf " %s" (include "millrace.variable" (list . "PREDICTIONS_TOPIC" "ml-predictions")) }}
{{- printf " %s" (include "millrace.variable" (list . "AUDIT_TOPIC" "ml-audit-log")) }}
{{- end }}

{{/* Names of the output topics whose records are those of the input, as they came, separated by spaces. */}}
{{- define "millrace.topicsOfOriginals" -}}
{{- printf "%s %s" (include "millrace.deadLetterTopic" .) (include "millrace.variable" (list . "LATE_TOPIC" "ml-late-events")) }}
{{- end }}

{{/* `max.message.bytes` of those: headers come on top of the 1 MiB that the input takes unless told otherwise. */}}
{{- define "millrace.originalsBytesMax" -}}
2097152
{{- end }}

{{/* Names of all output topics, separated by spaces. */}}
{{- define "millrace.outputTopics" -}}
{{- printf "%s %s" (include "millrace.rowTopics" .) (include "millrace.topicsOfOriginals" .) }}
{{- end }}

{{/* Names of the topics to make, separated by spaces. Called with (list root with-the-input). */}}
{{- define "millrace.topics" -}}
{{- include "millrace.outputTopics" (index . 0) }}
{{- if index . 1 }}{{ printf " %s" (include "millrace.inputTopic" (index . 0)) }}{{ end }}
{{- end }}

{{- define "millrace.graceSeconds" -}}
{{- $needed := include "millrace.variable" (list . "SHUTDOWN_GRACE_MS" "10000") | float64 | mulf 0.001 | ceil | int }}
{{- $given := .Values.terminationGracePeriodSeconds }}
{{- if kindIs "invalid" $given }}{{ add $needed 10 }}
{{- else if le (int $given) $needed }}
{{- fail (printf "terminationGracePeriodSeconds must be more than SHUTDOWN_GRACE_MS (%d s), or Kubernetes ends the service before it has committed what is in flight, got %d" $needed (int $given)) }}
{{- else }}{{ int $given }}
{{- end }}
{{- end }}

{{/* Lag above which KEDA takes the service for active: what is given, or a marker a partition. */}}
{{- define "millrace.activation" -}}
{{- $given := index . 1 }}
{{- if kindIs "invalid" $given }}{{ $given = (index . 0).Values.topics.partitions }}{{ end }}
{{- include "millrace.value" $given }}
{{- end }}

{{/* Whether KEDA may leave no instance at all; empty: it may not. */}}
{{- define "millrace.scalesToZero" -}}
{{- with .Values.autoscaling.keda }}
{{- if and .enabled (lt (int .minReplicas) 1) }}true{{ end }}
{{- end }}
{{- end }}

{{/*
Names of the pods of the instances, as a regular expression, and of no other release's whose name begins alike.
A Deployment's end with a hash and five more letters of an alphabet without vowels; of a long name the hash is cut.
*/}}
{{- define "millrace.podPattern" -}}
{{- include "millrace.fullname" . | replace "." "[.]" }}
{{- if eq .Values.kind "StatefulSet" }}-[0-9]+{{ else }}-[b-df-hj-np-tv-xz2456789]{1,15}(-[b-df-hj-np-tv-xz2456789]{5})?{{ end }}
{{- end }}

{{/* Name of a topic as Kubernetes takes it. */}}
{{- define "millrace.topicObject" -}}
{{- . | lower | replace "_" "-" | trimAll ".-" }}
{{- end }}

{{/* How fast instances come and go: down by one in 5 minutes unless told otherwise, since each move restores state. */}}
{{- define "millrace.scaling" -}}
{{- with . }}
{{- toYaml . }}
{{- else -}}
scaleDown:
  stabilizationWindowSeconds: 300
  policies:
    - type: Pods
      value: 1
      periodSeconds: 300
{{- end }}
{{- end }}

{{/* Refuses values that would render to something that cannot work, with the reason. */}}
{{- define "millrace.check" -}}
{{- $partitions := .Values.topics.partitions }}
{{- if kindIs "invalid" $partitions }}
{{- fail "topics.partitions is required: how many partitions has the input topic? kafka-topics.sh --describe tells" }}
{{- end }}
{{- if not .Values.config.KAFKA_BROKERS }}
{{- fail "config.KAFKA_BROKERS is required, e.g. kafka-1:9092,kafka-2:9092" }}
{{- end }}
{{- if and (ne (include "millrace.variable" (list . "INPUT_FORMAT" "registry")) "json") (not .Values.config.SCHEMA_REGISTRY_URL) }}
{{- fail "config.SCHEMA_REGISTRY_URL is required with INPUT_FORMAT=registry; for plain JSON set INPUT_FORMAT: json" }}
{{- end }}
{{- $hpa := .Values.autoscaling.hpa }}
{{- $keda := .Values.autoscaling.keda }}
{{- if and $hpa.enabled $keda.enabled }}
{{- fail "autoscaling.hpa and autoscaling.keda cannot both be enabled: KEDA makes an HPA of its own for the same pods" }}
{{- end }}
{{- $asked := dict "replicaCount" .Values.replicaCount }}
{{- if $hpa.enabled }}{{ $_ := set $asked "autoscaling.hpa.maxReplicas" $hpa.maxReplicas }}{{ end }}
{{- if $keda.enabled }}{{ $_ := set $asked "autoscaling.keda.maxReplicas" $keda.maxReplicas }}{{ end }}
{{- range $name, $count := $asked }}
{{- if gt (int $count) (int $partitions) }}
{{- fail (printf "%s must be at most topics.partitions (%d): a partition has one owner, so the further instances would stand idle, got %d" $name (int $partitions) (int $count)) }}
{{- end }}
{{- end }}
{{- range $name, $scaler := dict "hpa" $hpa "keda" $keda }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
{{- fail (printf "autoscaling.%s.minReplicas must be at most its maxReplicas (%d), got %d" $name (int $scaler.maxReplicas) (int $scaler.minReplicas)) }}
{{- end }}
{{- end }}
{{- if and $keda.enabled (not (or $keda.kafka.enabled $keda.prometheus.enabled)) }}
{{- fail "autoscaling.keda needs a trigger: kafka, prometheus or both" }}
{{- end }}
{{- if and $keda.enabled $keda.prometheus.enabled (not $keda.prometheus.serverAddress) }}
{{- fail "autoscaling.keda.prometheus.serverAddress is required" }}
{{- end }}
{{- if and $keda.enabled (not $keda.kafka.enabled) (lt (int $keda.minReplicas) 1) }}
{{- fail "autoscaling.keda.minReplicas must be at least 1 without the kafka trigger: with no instance left nobody would tell the lag, and none would ever be started" }}
{{- end }}
{{- $activation := $keda.kafka.activationLagThreshold }}
{{- if and $keda.enabled (not (kindIs "invalid" $activation)) (lt (int $activation) (int $partitions)) }}
{{- fail (printf "autoscaling.keda.kafka.activationLagThreshold must be at least topics.partitions (%d): markers of the input's transactions keep the lag that Kafka tells there, and the instances would never rest, got %d" (int $partitions) (int $activation)) }}
{{- end }}
{{- if and .Values.monitoring.podMonitor.enabled .Values.monitoring.serviceMonitor.enabled }}
{{- fail "monitoring.podMonitor and monitoring.serviceMonitor cannot both be enabled: every instance would be scraped twice, and its lag counted twice" }}
{{- end }}
{{- if and .Values.strimzi.enabled (not .Values.strimzi.cluster) }}
{{- fail "strimzi.cluster is required: the name of the Kafka resource" }}
{{- end }}
{{- if and .Values.strimzi.enabled .Values.strimzi.topics.enabled }}
{{- $objects := dict }}
{{- range $topic := include "millrace.topics" (list . .Values.strimzi.topics.input) | splitList " " }}
{{- $object := include "millrace.topicObject" $topic }}
{{- with get $objects $object }}
{{- fail (printf "the topics %q and %q would both be the KafkaTopic %q, since Kubernetes takes neither capitals nor underscores: rename one, or make them elsewhere (strimzi.topics.enabled=false)" . $topic $object) }}
{{- end }}
{{- $_ := set $objects $object $topic }}
{{- end }}
{{- end }}
{{- with .Values.model }}
{{- if and (eq .from "persistentVolumeClaim") (not .persistentVolumeClaim.name) }}{{ fail "model.persistentVolumeClaim.name is required with model.from=persistentVolumeClaim" }}{{ end }}
{{- if and (eq .from "configMap") (not .configMap.name) }}{{ fail "model.configMap.name is required with model.from=configMap" }}{{ end }}
{{- if and (eq .from "initContainer") (not .initContainer.image) }}{{ fail "model.initContainer.image is required with model.from=initContainer" }}{{ end }}
{{- end }}
{{- end }}
