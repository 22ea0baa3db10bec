#!/usr/bin/env bash
# Sets up what the tests of the page need: Chromium. Idempotent, like bootstrap.sh.
set -euo pipefail
exec >&2

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

find_chromium() {
  local candidate
  for candidate in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -n "$candidate" ] && command -v "$candidate"; then return 0; fi
  done
  return 1
}

how=found
if [ ! -x "$LOCAL/bin/chromium" ]; then
  if ! found=$(find_chromium); then
    command -v dpkg-query >/dev/null || give_up "the tests of the page need Chromium: set CHROMIUM to its path"
    need_debian "the tests of the page" chromium-headless-shell
    found=$(find_chromium) || give_up "no Chromium was found after it was installed"
    how=installed
  fi
  ln -sfn "$found" "$LOCAL/bin/chromium"
fi
step_done chromium "$how"
