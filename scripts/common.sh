# What the setup scripts share; sourced by them. Sets ROOT, CACHE, LOCAL and LOGS.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${MILLRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace}
LOCAL=$ROOT/.millrace
LOGS=$LOCAL/logs
mkdir -p "$CACHE" "$LOCAL/bin" "$LOGS"
cd "$ROOT"

now_ms() { local ns; ns=$(date +%s%N); case $ns in *N) echo $(($(date +%s) * 1000)) ;; *) echo $((ns / 1000000)) ;; esac; }
version_of() { sed -n "/\"$1\"/s/.*\"$2\": \"\{0,1\}\([^\",}]*\).*/\1/p" "$ROOT/scripts/versions.json" | tr -d ' '; }

STEP_FROM=$(now_ms)
step_done() { # name, how
  local ms=$(($(now_ms) - STEP_FROM))
  printf '  %-18s %-44s %3d.%01d s\n' "$1" "$2" $((ms / 1000)) $((ms % 1000 / 100))
  STEP_FROM=$(now_ms)
}
give_up() {
  printf '\nmillrace cannot be set up: %s\n' "$1" >&2
  exit 1
}
run_logged() { # name, command…
  local log=$LOGS/$1.log
  shift
  "$@" >"$log" 2>&1 && return 0
  tail -n 25 "$log" >&2
  return 1
}

missing_debian() { # packages…
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}
APT_IS_FRESH=no
freshen_apt() {
  if [ "$APT_IS_FRESH" = no ] && [ "$(id -u)" = 0 ]; then
    run_logged apt-update apt-get update || true
  fi
  APT_IS_FRESH=yes
}
need_debian() { # what for, packages…
  local why=$1 missing
  shift
  command -v dpkg-query >/dev/null || give_up "$why needs what Debian calls: $*"
  read -r -a missing <<<"$(missing_debian "$@" | tr '\n' ' ')"
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || give_up "$why needs Debian packages. Install them: sudo apt-get install ${missing[*]}"
  freshen_apt
  run_logged apt-install env DEBIAN_FRONTEND=noninteractive apt-get install -y "${missing[@]}" ||
    give_up "$why: apt-get could not install ${missing[*]}"
}

platform() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64) echo linux-arm64 ;;
    Darwin-arm64) echo darwin-arm64 ;;
    *) give_up "no Node package is known for $(uname -s) on $(uname -m)" ;;
  esac
}
