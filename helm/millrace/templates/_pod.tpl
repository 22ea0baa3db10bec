{{/* The pod, the same for both kinds of workload. */}}
{{- define "millrace.pod" -}}
metadata:
  labels:
    {{- include "millrace.selectorLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- include "millrace.podAnnotations" . | nindent 2 }}
spec:
  {{- include "millrace.podSettings" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "millrace.graceSeconds" . }}
  topologySpreadConstraints:
    {{- with .Values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "millrace.selectorLabels" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- $isInitModel := eq .Values.model.from "initContainer" }}
  {{- if or .Values.extraInitContainers $isInitModel }}
  initContainers:
    {{- with .Values.extraInitContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $isInitModel }}
    - name: model
      image: {{ .Values.model.initContainer.image }}
      {{- with .Values.model.initContainer.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.model.initContainer.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: model
          mountPath: {{ .Values.model.path }}
    {{- end }}
  {{- end }}
  containers:
    - name: millrace
      {{- include "millrace.containerSettings" . | nindent 6 }}
      startupProbe:
        httpGet: { path: /health/startup, port: http }
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: {{ div (add 1 (int .Values.probes.startupSeconds)) 2 }}
      readinessProbe:
        httpGet: { path: /health/ready, port: http }
        periodSeconds: {{ int .Values.probes.readinessPeriodSeconds }}
        timeoutSeconds: 5
        failureThreshold: 2
      livenessProbe:
        httpGet: { path: /health/live, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: {{ max 1 (div (int .Values.probes.livenessSeconds) 10) }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      {{- $hasModel := ne .Values.model.from "image" }}
      {{- if or $hasModel .Values.extraVolumeMounts }}
      volumeMounts:
        {{- if $hasModel }}
        - name: model
          mountPath: {{ .Values.model.path }}
          readOnly: true
          {{- with and (eq .Values.model.from "persistentVolumeClaim") .Values.model.persistentVolumeClaim.subPath }}
          subPath: {{ . }}
          {{- end }}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or $hasModel .Values.extraVolumes }}
  volumes:
    {{- if $hasModel }}
    - name: model
      {{- if eq .Values.model.from "persistentVolumeClaim" }}
      persistentVolumeClaim:
        claimName: {{ .Values.model.persistentVolumeClaim.name }}
        readOnly: true
      {{- else if eq .Values.model.from "configMap" }}
      configMap:
        name: {{ .Values.model.configMap.name }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{/* A changed configuration is another pod. */}}
{{- define "millrace.podAnnotations" -}}
annotations:
  checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Where and as whom every pod with the image runs, whichever command it is. */}}
{{- define "millrace.podSettings" -}}
serviceAccountName: {{ include "millrace.serviceAccountName" . }}
automountServiceAccountToken: false
# Variables of services called `kafka` or `http` would look like the service's own.
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "millrace.placement" . }}
{{- end }}

{{/* Where any pod of the chart can run, and how it finds images and hosts. */}}
{{- define "millrace.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What its container is: image, rights, port and variables. */}}
{{- define "millrace.containerSettings" -}}
image: {{ include "millrace.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
ports:
  - name: http
    containerPort: 8080
envFrom:
  - configMapRef:
      name: {{ include "millrace.fullname" . }}
  {{- with .Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: INSTANCE_ID
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  {{- range $name, $secret := .Values.secrets }}
  - name: {{ $name }}
    valueFrom:
      secretKeyRef:
        name: {{ $secret.name }}
        key: {{ $secret.key }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
