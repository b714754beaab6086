#!/usr/bin/env bash
# The emulated kernels under ThreadSanitizer (races between the threads of a block), then AddressSanitizer and UBSan: sanitize.sh [BUILD_DIR]
set -euo pipefail
source=$(cd "$(dirname "$0")/../../../.." && pwd)
build=${1:-$source/target/sanitize}
for sanitizer in thread address,undefined; do
    folder=$build/${sanitizer%%,*}
    cmake -S "$source" -B "$folder" -DNOISETRAIL_CUDA=OFF -DNOISETRAIL_PROGRAMS=ON -DNOISETRAIL_SANITIZE=$sanitizer >/dev/null
    cmake --build "$folder" --parallel "$(nproc)" --target kernels_emulated | { grep -iE 'warning|error' || true; }
    echo "$sanitizer:"
    # OpenMP's threads are not ThreadSanitizer's: the CPU form runs on one. A planted fault would be a report, not a failed comparison.
    NOISETRAIL_NO_FAULTS=1 OMP_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=1:exitcode=66 ASAN_OPTIONS=detect_stack_use_after_return=0 UBSAN_OPTIONS=halt_on_error=1 \
        "$folder/src/test/cpp/kernels_emulated"
done
