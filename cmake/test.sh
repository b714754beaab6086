#!/usr/bin/env bash
# Builds and runs the kernels' own tests that need no card, beside the library: test.sh BUILD_DIR (of build.sh)
set -euo pipefail
build=${1:?usage: test.sh BUILD_DIR}
source=$(cd "$(dirname "$0")/.." && pwd)
log=$build/test.log
if ! cmake -S "$source" -B "$build" -DNOISETRAIL_PROGRAMS=ON >"$log" 2>&1 ||
   ! cmake --build "$build" --parallel "$(nproc)" --target kernels_levels kernels_emulated noisetrail_emulated >>"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
# The emulation is compiled for AVX2: _Float16, and fma in hardware.
left_out=()
grep -qw avx2 /proc/cpuinfo || left_out=(-E '^emulated$')
ctest --test-dir "$build" -L cpu "${left_out[@]}" --output-on-failure >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }
grep 'tests passed' "$log"
