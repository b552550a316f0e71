# What the peers' `run` scripts share; sourced by them, with `peer` set to the peer's name.
#
# 1. `install_node` or `install_python` puts what the lock file names into target/peers/NAME of this repository, once for
#    each state of that file, and copies the configuration beside it.
# 2. `enter DATA` makes the folder that everything is kept in, and goes there.
# 3. `start COMMAND …` starts a child; `start_redis` one whose every answer is on disk, on a socket in the folder.
# 4. `keep` waits. SIGTERM and SIGINT end all children; the end of one of them is the end of all.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ground=$(cd "$here/../.." && pwd)/target/peers/$peer
children=()

# The lock file names Node too, where there is a package of it: the machine's own may be older than what peers support.
# No package compiles anything, so none has a script to run.
install_node() {
  mkdir -p "$ground"
  if ! cmp -s "$here/$peer/package-lock.json" "$ground/installed"; then
    cp "$here/$peer/package.json" "$here/$peer/package-lock.json" "$ground/"
    (cd "$ground" && npm ci --silent --no-audit --no-fund --ignore-scripts --omit=dev --omit=peer >&2)
    cp "$here/$peer/package-lock.json" "$ground/installed"
  fi
  cp "$here/$peer/package.json" "$here/$peer/"*.js "$here/"{secrets,workers}.js "$ground/"
  local node
  for node in "$ground"/node_modules/node-linux-*/bin; do
    [ ! -d "$node" ] || PATH=$node:$PATH
  done
}

install_python() {
  mkdir -p "$ground"
  if ! cmp -s "$here/$peer/requirements.txt" "$ground/installed"; then
    python3 -m venv --clear "$ground/venv"
    "$ground/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/$peer/requirements.txt" >&2
    cp "$here/$peer/requirements.txt" "$ground/installed"
  fi
  cp "$here/$peer/"*.py "$ground/"
}

# The socket's path is relative to this folder, since the name of a socket must be short.
enter() {
  umask 077
  mkdir -p "$1"
  cd "$1"
}

start() {
  "$@" &
  children+=("$!")
}

# `always`: Redis answers after fdatasync. With its default, `everysec`, a crash takes back up to a second of rotations.
start_redis() {
  command -v redis-server >/dev/null || { echo "redis-server is missing; scripts/test installs it" >&2; exit 1; }
  start redis-server --port 0 --unixsocket redis.sock --dir . --save '' --appendonly yes --appendfsync always \
    --daemonize no --loglevel warning --logfile redis.log
  until redis-cli -s redis.sock ping 2>/dev/null | grep -q PONG; do
    kill -0 "${children[-1]}" 2>/dev/null || { echo "Redis has ended; see $PWD/redis.log" >&2; exit 1; }
    sleep 0.05
  done
}

# The last one started is the server, the first one its store: they end in that order.
end() {
  trap '' TERM INT
  local index
  for ((index = ${#children[@]} - 1; index >= 0; index--)); do
    kill "${children[index]}" 2>/dev/null || true
    wait "${children[index]}" 2>/dev/null || true
  done
}

keep() {
  local status=0
  wait -n "${children[@]}" || status=$?
  echo "$peer: a process has ended" >&2
  exit "$((status == 0 ? 1 : status))"
}

trap end EXIT
trap 'exit 0' TERM INT
