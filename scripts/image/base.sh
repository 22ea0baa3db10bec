#!/usr/bin/env bash
# Makes the two base images of the Dockerfile from Debian's packages and npm's, for machines that reach
# no image registry: millrace-test/debian and millrace-test/node. What this script made before is kept.
#
#   DOCKER=… DOCKER_HOST=… bash scripts/image/base.sh
set -euo pipefail
exec >&2

source "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

DOCKER=${DOCKER:-docker}
# npm knows the authorities of its own release alone; those that the machine trusts may be others.
export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
SUITE=bookworm
# What Debian's own slim images leave out, too.
LEFT_OUT=(--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*')

# What another version of this script made is made anew.
MADE_BY=$(cksum <"${BASH_SOURCE[0]}" | cut -d' ' -f1)
has_image() {
  [ "$("$DOCKER" image inspect --format '{{index .Config.Labels "made-by"}}' "$1" 2>/dev/null)" = "$MADE_BY" ]
}
make_image() { # name, folder
  run_logged "${1#*/}-image" "$DOCKER" build --network host --label "made-by=$MADE_BY" -t "$1" "$2" ||
    give_up "the image $1 could not be made; see $LOGS/${1#*/}-image.log"
}

make_debian() {
  local context
  context=$(mktemp -d)
  # The machine's own sources: they are the ones it reaches.
  cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null >"$context/machine.sources" || true
  run_logged debian mmdebstrap --variant=minbase --mode=root "${LEFT_OUT[@]}" "$SUITE" \
    "$context/debian.tar" "$context/machine.sources" || give_up "mmdebstrap failed; see $LOGS/debian.log"
  mkdir "$context/etc" && cp -r /etc/apt/apt.conf.d "$context/etc/apt.conf.d"
  rm -f "$context"/etc/apt.conf.d/*postgresql* "$context"/etc/apt.conf.d/*packagekit* "$context"/etc/apt.conf.d/50*
  cp /etc/ssl/certs/ca-certificates.crt "$context/etc/"
  cat >"$context/Dockerfile" <<'DOCKERFILE'
FROM scratch
ADD debian.tar /
COPY etc/apt.conf.d /etc/apt/apt.conf.d
COPY etc/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Where no package writes its own over it.
COPY etc/ca-certificates.crt /etc/ssl/machine.crt
RUN printf '[global]\ncert = /etc/ssl/machine.crt\n' >/etc/pip.conf
DOCKERFILE
  make_image millrace-test/debian "$context"
  rm -rf "$context"
}

make_node() {
  local context node npm_version=11
  context=$(mktemp -d)
  node=$(dirname "$(dirname "$("$LOCAL/bin/node" -p process.execPath)")")
  mkdir -p "$context/node/bin" "$context/npm"
  cp "$node/bin/node" "$context/node/bin/" && cp -R "$node/include" "$context/node/"
  (cd "$context" && run_logged npm-package npm pack --silent "npm@$npm_version") || give_up "npm could not be fetched"
  tar xzf "$context"/npm-*.tgz -C "$context/npm" --strip-components=1
  cat "$HOME/.npmrc" 2>/dev/null | grep -v nodedir >"$context/npmrc" || true
  # The machine's own registry, and whom the machine trusts.
  printf '%s\n' "registry=$(npm config get registry)" cafile=/etc/ssl/machine.crt >>"$context/npmrc"
  cat >"$context/Dockerfile" <<'DOCKERFILE'
FROM millrace-test/debian
COPY node /usr/local
COPY npm /usr/local/lib/node_modules/npm
COPY npmrc /usr/local/etc/npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
DOCKERFILE
  make_image millrace-test/node "$context"
  rm -rf "$context"
}

if ! has_image millrace-test/debian; then
  make_debian
  step_done "debian image" "made with mmdebstrap"
fi
if ! has_image millrace-test/node; then
  make_node
  step_done "node image" "made from npm's packages"
fi
