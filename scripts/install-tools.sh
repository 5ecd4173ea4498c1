#!/usr/bin/env bash
# Installs what the project can use beyond Node, on Debian: a Chromium for the browser tests, a psql
# for those of PostgreSQL's protocol, an openssl for those of TLS, nginx and systemd-analyze for the
# files in docs/deploy, schemathesis for the test of the HTTP API (into .tools), and a Rust and a
# clang that compile to WebAssembly for the modules in fixtures. What is there already stays as
# it is, so this may run again at any time. Without these the tests pass too, and name what they left
# out.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi

install_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
      echo "install-tools: $name is there"
      return
    fi
  done
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -qq -y --no-install-recommends chromium >/dev/null
  echo "install-tools: chromium installed"
}

install_schemathesis() {
  if command -v schemathesis >/dev/null || [ -x .tools/schemathesis/bin/schemathesis ]; then
    echo "install-tools: schemathesis is there"
    return
  fi
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
  fi
  python3 -m venv .tools/schemathesis
  .tools/schemathesis/bin/pip install -q schemathesis==4.32.5
  echo "install-tools: schemathesis installed"
}

# The program $1, by Debian's package $2.
install_program() {
  if command -v "$1" >/dev/null; then
    echo "install-tools: $1 is there"
    return
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -qq -y --no-install-recommends "$2" >/dev/null
  echo "install-tools: $1 installed"
}

install_chromium
install_program psql postgresql-client
install_program openssl openssl
install_program nginx nginx
install_program systemd-analyze systemd
install_schemathesis
fixtures/scripts/install-rust.sh
fixtures/scripts/install-clang.sh
