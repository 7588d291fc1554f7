#!/bin/sh
# From a fresh Debian 12 machine to a neural network on an emulated microcontroller: installs what is
# missing, builds motec, compiles models/digits into firmware for a Cortex-M4, and runs that in QEMU.
set -eu
cd "$(dirname "$0")/.."

sh tools/setup.sh

# Runs a command quietly; shows what it said if it fails.
quietly() {
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { cat "$log"; rm -f "$log"; exit 1; }
  rm -f "$log"
}

echo "Building motec ..."
quietly cmake --preset release
quietly cmake --build --preset release --target motec

echo "Building the firmware for a Cortex-M4 ..."
quietly cmake -S tools/demo -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release \
  --toolchain "$PWD/tools/cmake/toolchain-cortex-m4.cmake" -DMOTE_COMPILER="$PWD/build/compiler/motec"
quietly cmake --build build/demo

echo "Running it in the emulator:"
cmake --build build/demo --target run
