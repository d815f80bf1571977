#!/bin/sh
# `npm run lint`: every static check, each run to its end; the first line of a failing one says its name.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
. scripts/setup.sh
setup
PATH=$(dirname "$node"):$root/node_modules/.bin:$PATH
export PATH

failed=
check() {
  name=$1
  shift
  printf '\n== %s\n' "$name"
  "$@" || failed="$failed, $name"
}

check 'types (tsc)' tsc -p .
check 'code (eslint)' eslint .
check 'import direction (dependency-cruiser)' depcruise --config .dependency-cruiser.cjs src
check 'contracts (solhint)' solhint --disc --noPoster --max-warnings 0 'contracts/**/*.sol'
check 'contract tests (solhint)' solhint --disc --noPoster --max-warnings 0 --config test/contracts/.solhint.json 'test/contracts/**/*.sol'
check 'formatting (prettier)' prettier --check --log-level warn src test scripts contracts '*.{ts,js,cjs,json}'
check 'shell scripts (sh -n)' sh -c 'for file in coffer .ci/run scripts/*.sh; do sh -n "$file" || exit 1; done'
check 'lockfile' node scripts/checks/lockfile.ts
check 'documentation (links, commands, codes, paths)' node scripts/checks/docs.ts
check 'generated contracts.json' node scripts/generate/local-contracts.ts --check
check 'generated docs/errors.md' node scripts/generate/errors.ts --check

if [ -n "$failed" ]; then
  printf '\nlint failed: %s\n' "${failed#, }"
  exit 1
fi
printf '\nlint passed\n'
