#!/bin/sh
# Installs the Debian packages that mote needs. Those that are there already cost nothing.
#
#   sh tools/setup.sh          to build motec and run the demo
#   sh tools/setup.sh --tests  also what the tests use: every emulated target
set -eu

packages="g++ cmake ninja-build pkg-config
  libonnx-dev libprotobuf-dev protobuf-compiler libfmt-dev libcli11-dev libeigen3-dev
  nlohmann-json3-dev libkainjow-mustache-dev libzip-dev libsndfile1-dev libstb-dev
  gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm"
if [ "${1:-}" = --tests ]; then
  packages="$packages catch2 clang clang-format-14 python3 python3-onnx python3-sklearn ccache
    gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc clang-19
    g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user"
fi

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
    missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root="sudo"; fi
echo "Installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing \
  >/dev/null
