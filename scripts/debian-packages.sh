# Sourced by test.sh: the system packages that the tests use. As root on Debian or Ubuntu they are installed,
# said first; everywhere else the one command is printed and the run ends. Uses `say` and `stop`.

# name of the package, and the command or file that shows it is there
need_packages() {
  missing=
  command -v python3 >/dev/null 2>&1 || missing="$missing python3"
  command -v make >/dev/null 2>&1 || missing="$missing make"
  command -v g++ >/dev/null 2>&1 || missing="$missing g++"
  command -v softhsm2-util >/dev/null 2>&1 || missing="$missing softhsm2"
  command -v go >/dev/null 2>&1 || missing="$missing golang-go"
  missing=${missing# }
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "the tests need Debian packages that are missing; installing now: $missing"
    # Word splitting is meant: each word is one package name from the list above.
    # shellcheck disable=SC2086
    if (DEBIAN_FRONTEND=noninteractive apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing) </dev/null >&2; then
      return 0
    fi
    stop 'apt-get could not install what the tests need; it says why above.' "Install by hand, then run again: $missing"
  fi
  if command -v apt-get >/dev/null 2>&1; then
    stop "The tests need packages that are missing: $missing." "Run: sudo apt-get install -y $missing"
  fi
  stop "The tests need programs that are missing; their Debian names are: $missing." 'Install them with the package manager of this system, then run again.'
}
