#!/bin/sh
# Installs what the tests need, builds with warnings as errors, and runs all tests. Arguments go to
# ctest: `sh tools/test.sh -L fast` runs the quick ones only.
#
# MOTE_SHARED_DATA may name a folder with further models and vectors; tests that need it skip
# without it.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh --tests
launcher=""
if command -v ccache >/dev/null; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
cmake --preset dev $launcher -DMOTE_SHARED_DATA="${MOTE_SHARED_DATA:-}" >/dev/null
cmake --build --preset dev
exec ctest --preset dev -j "$(nproc)" "$@"
