#!/usr/bin/env bash
# Builds the native library: build.sh BUILD_DIR [AUTO|ON|OFF]. Quiet if there is nothing to say.
set -euo pipefail
build=${1:?usage: build.sh BUILD_DIR [AUTO|ON|OFF]}
cuda=${2:-AUTO}
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$build"
log=$build/build.log
# A clone that was copied with its build folder: CMake refuses a cache that was made elsewhere.
cache=$build/CMakeCache.txt
if [[ -f $cache ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$source" "$cache"; then
  rm -rf "$cache" "$build/CMakeFiles"
fi
if ! cmake -S "$source" -B "$build" -DNOISETRAIL_CUDA="$cuda" >"$log" 2>&1 ||
   ! cmake --build "$build" --parallel "$(nproc)" --target noisetrail >>"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
grep -h '^noisetrail: ' "$log" || true
