{{/* What a monitor scrapes, and how. Called with (list root monitor). */}}
{{- define "millrace.scrape" -}}
{{- $root := index . 0 }}
{{- with index . 1 }}
port: http
path: /metrics
interval: {{ .interval }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- $isResting := include "millrace.scalesToZero" $root }}
{{- if or $isResting .relabelings }}
relabelings:
  {{- if $isResting }}
  # That no instance is left is no reason for an alert here.
  - targetLabel: scales_to_zero
    replacement: "true"
  {{- end }}
  {{- with .relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* The groups of the rule file, with what `alerts` says of each alert and the runbook where it is read. */}}
{{- define "millrace.ruleGroups" -}}
{{- $given := .Values.monitoring.prometheusRule }}
{{- $file := .Files.Get "files/alerts.yaml" | default "groups: []" | fromYaml }}
{{- $groups := list }}
{{- range $group := $file.groups }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $own := get $given.alerts (default "" $rule.alert) | default dict }}
{{- if dig "enabled" true $own }}
{{- if $rule.alert }}
{{- with $own.for }}{{ $_ := set $rule "for" . }}{{ end }}
{{- with $own.severity }}{{ $_ := set $rule.labels "severity" . }}{{ end }}
{{- with $given.runbookBase }}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s" (trimSuffix "/" .) $rule.annotations.runbook_url) }}
{{- end }}
{{- end }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- end }}
{{- if $rules }}{{ $groups = append $groups (set $group "rules" $rules) }}{{ end }}
{{- end }}
{{- toYaml $groups }}
{{- end }}
