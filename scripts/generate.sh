#!/bin/sh
# `npm run generate`: writes every generated file again; lint fails when one is stale.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
. scripts/setup.sh
setup
"$node" scripts/generate/local-contracts.ts
"$node" scripts/generate/errors.ts
