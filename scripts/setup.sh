# Sourced by ./coffer and the scripts beside this file: finds or fetches Node 24, installs the dependencies
# under it, and does nothing when both are there already. The caller sets `root`. POSIX sh; every word goes
# to stderr, because stdout belongs to the command.
#
# After `setup`, `node` holds the path of a Node that is new enough.

NODE_MAJOR=24
NODE_VERSION=24.21.0

say() { printf 'coffer: %s\n' "$*" >&2; }

# Ends the run. With --json the caller defines `as_json`, and stdout gets the one document that it promises.
# Both texts are fixed words of this file, so they need no escaping.
stop() {
  say "$1"
  say "$2"
  if [ -n "${as_json:-}" ]; then
    printf '{"error":{"code":"DEPENDENCY_MISSING","message":"%s","next":"%s"}}\n' "$1" "$2"
  fi
  exit 1
}

# Whether $1 is a Node that is new enough.
node_fits() {
  [ -x "$1" ] || return 1
  found=$("$1" --version 2>/dev/null) || return 1
  found=${found#v}
  found=${found%%.*}
  case $found in '' | *[!0-9]*) return 1 ;; esac
  [ "$found" -ge "$NODE_MAJOR" ]
}

# A fitting Node on PATH. The project's own node_modules does not count: an installation replaces it while
# it would be running.
node_on_path() {
  rest=$PATH:
  while [ -n "$rest" ]; do
    folder=${rest%%:*}
    rest=${rest#*:}
    case $folder in '' | "$root"/*) continue ;; esac
    if node_fits "$folder/node"; then
      node=$folder/node
      return 0
    fi
  done
  return 1
}

# A fitting Node that was fetched by an earlier run: the platform package, or the wrapper package.
node_fetched() {
  for node in "$root/.tools/runtime-$NODE_VERSION"/node_modules/node*/bin/node; do
    if node_fits "$node"; then return 0; fi
  done
  return 1
}

fetch_node() {
  command -v npm >/dev/null 2>&1 ||
    stop 'There is no Node 24 and no npm to fetch it with.' 'Install Node.js 24 or newer with npm, then run the same command again.'
  say "this machine has no Node $NODE_MAJOR: fetching Node $NODE_VERSION into .tools (once, about 50 MB)"
  fresh=$root/.tools/fetching-$$
  rm -rf "$fresh"
  mkdir -p "$fresh"
  cp "$root/scripts/runtime/package.json" "$root/scripts/runtime/package-lock.json" "$fresh/"
  (cd "$fresh" && npm ci --ignore-scripts --no-audit --no-fund) </dev/null >&2 || :
  if [ -z "$(ls "$fresh"/node_modules/node*/bin/node 2>/dev/null)" ]; then
    # No platform package for this machine: the wrapper package finds its own, by an install script.
    rm -rf "$fresh/node_modules" "$fresh/package.json" "$fresh/package-lock.json"
    printf '{"private":true}\n' >"$fresh/package.json"
    (cd "$fresh" && npm install --no-save --no-package-lock --no-audit --no-fund --allow-scripts=node "node@$NODE_VERSION") </dev/null >&2 || :
  fi
  rm -rf "$root/.tools/runtime-$NODE_VERSION"
  mv "$fresh" "$root/.tools/runtime-$NODE_VERSION"
  node_fetched ||
    stop 'Node 24 could not be fetched from the npm registry.' 'Check the network, or install Node.js 24 or newer, then run the same command again.'
}

# What the installed dependencies were installed from: compared whole, so a change of one byte counts.
stamp_source() {
  uname -sm
  cat "$root/package-lock.json"
}

dependencies_fresh() {
  [ -f "$root/node_modules/.coffer-installed" ] && stamp_source | cmp -s - "$root/node_modules/.coffer-installed"
}

install_dependencies() {
  command -v npm >/dev/null 2>&1 ||
    stop 'There is no npm, so the dependencies cannot be installed.' 'Install npm, then run the same command again.'
  say "installing the dependencies under Node $("$node" --version) (once, about a minute)"
  # node-gyp would download headers to build the PKCS#11 binding; those that came with this Node serve.
  prefix=$(dirname "$(dirname "$("$node" -p process.execPath)")")
  if [ -f "$prefix/include/node/node_api.h" ]; then
    npm_config_nodedir=$prefix
    export npm_config_nodedir
  fi
  (cd "$root" && PATH=$(dirname "$node"):$PATH npm ci --no-audit --no-fund) </dev/null >&2 ||
    stop 'The dependencies could not be installed; npm says why above.' 'Check the network and the free disk space, then run the same command again.'
  stamp_source >"$root/node_modules/.coffer-installed"
}

# One installation at a time in one clone. The lock is a symbolic link, so that it appears together with the
# process id it carries; whoever holds it and died is replaced by exactly one of those who wait.
take_lock() {
  mkdir -p "$root/.tools"
  lock=$root/.tools/install.lock
  token=$$-$(date +%s)
  waited=0
  until ln -s "$token" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock" 2>/dev/null) || holder=
    if [ -n "$holder" ] && ! kill -0 "${holder%%-*}" 2>/dev/null && mkdir "$root/.tools/released-$holder" 2>/dev/null; then
      rm -f "$lock"
      continue
    fi
    [ "$waited" -gt 0 ] || say 'another run is installing: waiting for it'
    waited=$((waited + 1))
    [ "$waited" -le 1800 ] ||
      stop 'Another run has been installing for half an hour.' 'If none is, remove the folder .tools of this clone and run the same command again.'
    sleep 1
  done
  trap release_lock EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

release_lock() {
  rm -rf "$lock" "$root"/.tools/fetching-*
  trap - EXIT INT TERM
}

# A Node to run with, when the dependencies are in place: the project's own counts as well then.
node_to_run() {
  node_on_path && return 0
  node=$root/node_modules/node/bin/node
  node_fits "$node" && return 0
  node_fetched
}

setup() {
  if dependencies_fresh && node_to_run; then return 0; fi
  take_lock
  # Somebody else may have finished the work while this run waited.
  if ! dependencies_fresh; then
    node_on_path || node_fetched || fetch_node
    install_dependencies
  elif ! node_to_run; then
    fetch_node
  fi
  release_lock
}
