#!/bin/sh
# `npm test`: sets everything up on a fresh machine, then runs all suites. It starts under whatever Node npm
# runs under and without node_modules, so it is plain sh until the right Node is there.
# Arguments go to the runner: --full for the long counts.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
. scripts/setup.sh
. scripts/debian-packages.sh

if [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi
need_packages
setup

# An optional dependency: npm leaves it out in silence when it could not be compiled. The tests need it.
if ! "$node" -e 'require("pkcs11js")' 2>/dev/null; then
  say 'the PKCS#11 binding is missing: installing again, now that there is a compiler'
  rm -f node_modules/.coffer-installed
  setup
  "$node" -e 'require("pkcs11js")' >&2 ||
    stop 'The PKCS#11 binding pkcs11js was not built.' 'Install python3, make and a C++ compiler, then run the same command again.'
fi

# Foreign tools that tests hold Coffer against; pinned by a lockfile of their own.
if ! cmp -s scripts/tools/package-lock.json scripts/tools/node_modules/.coffer-installed; then
  say 'installing the tools that tests compare with'
  (cd scripts/tools && PATH=$(dirname "$node"):$PATH npm ci --ignore-scripts --no-audit --no-fund) </dev/null >&2
  cp scripts/tools/package-lock.json scripts/tools/node_modules/.coffer-installed
fi

PATH=$(dirname "$node"):$root/node_modules/.bin:$PATH
export PATH
exec node scripts/test/run.ts "$@"
