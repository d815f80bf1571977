#!/bin/sh
# `npm run build`, also run by `npm pack`: compiles src into dist for the published package. A clone never
# needs it, because Node runs the TypeScript itself.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
. scripts/setup.sh
setup
PATH=$(dirname "$node"):$root/node_modules/.bin:$PATH
export PATH
rm -rf dist
# npm pack prints the name of the archive on stdout, so nothing else may.
tsc -p tsconfig.build.json >&2
node scripts/build/copy-assets.ts >&2
