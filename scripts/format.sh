#!/bin/sh
# `npm run format`: writes the agreed format.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
. scripts/setup.sh
setup
PATH=$(dirname "$node"):$root/node_modules/.bin:$PATH
export PATH
exec prettier --write --log-level warn src test scripts contracts '*.{ts,js,cjs,json}'
