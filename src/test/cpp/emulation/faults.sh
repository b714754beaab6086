#!/usr/bin/env bash
# The test of the test: breaks the kernels' source in one place at a time and asks whether kernels_emulated notices: faults.sh [BUILD_DIR]. Takes minutes.
set -euo pipefail
source=$(cd "$(dirname "$0")/../../../.." && pwd)
build=${1:-$source/target/faults}
rm -rf "$build/source"
mkdir -p "$build/source"
cp -r "$source/CMakeLists.txt" "$source/cmake" "$source/cuda" "$build/source"
mkdir -p "$build/source/src/main" "$build/source/src/test"
cp -r "$source/src/main/cpp" "$build/source/src/main"
cp -r "$source/src/test/cpp" "$build/source/src/test"
cmake -S "$build/source" -B "$build/build" -DNOISETRAIL_CUDA=OFF -DNOISETRAIL_PROGRAMS=ON >/dev/null

notices() { # 0: the program fails
    cmake --build "$build/build" --parallel "$(nproc)" --target kernels_emulated >"$build/log" 2>&1 || { cat "$build/log"; exit 1; }
    ! { NOISETRAIL_NO_FAULTS=1 timeout 120 "$build/build/src/test/cpp/kernels_emulated" >"$build/log" 2>&1; } 2>/dev/null
}

if notices; then echo "the kernels fail as they are"; exit 1; fi
missed=0 count=0
while IFS='|' read -r file change; do
    sed -E "$change" "$source/cuda/$file" >"$build/source/cuda/$file"
    if cmp -s "$source/cuda/$file" "$build/source/cuda/$file"; then echo "changes nothing: $file $change"; exit 1; fi
    count=$((count + 1))
    if ! notices; then echo "NOT NOTICED: $file $change"; missed=$((missed + 1)); fi
    cp "$source/cuda/$file" "$build/source/cuda/$file"
done <<'FAULTS'
nt_parts.cuh|s/cluster_barrier\(\); .. the sums are there ..//
nt_parts.cuh|s/cluster_barrier\(\); .. the others have them.*$//
nt_parts.cuh|s/__syncthreads\(\); .. the lanes may be written again ..//
nt_parts.cuh|s/sums_\[l\] \+= sums_\[l \+ width\]/sums_[l] += sums_[l + width - (width == 32)]/
nt_parts.cuh|s/from == 0 \? 0.0f : own\[l\]/0.0f/
nt_parts.cuh|s/made_ = keeps_all\(\)/made_ = true/
nt_parts.cuh|0,/            __syncthreads\(\);/s///
nt_parts.cuh|s/rest > lanes \? lanes : rest/rest/
nt_parts.cuh|s/l >> bits_ != rank_/l != rank_/
nt_images.cu|s/cluster_barrier\(\); .. the sums are there ..//
nt_images.cu|s/cluster_barrier\(\); .. the first block.*$//
nt_images.cu|s/c < parts \? sum_of_warp\(of_warps\[c/c < parts ? sum_of_warp(of_warps[0/
nt_noise.cu|s/ \&\& !part.keeps_all\(\)/ \&\& false/
nt_affine.cu|s/added \+ \(row.draw >> 16\) > 65535/false/
nt_affine.cu|s/added < 0/false/
nt_device.cuh|s/static_cast<int64_t>\(blockIdx.x % per_row\)/static_cast<int32_t>(blockIdx.x % per_row)/
nt_affine.cu|s/static_cast<int64_t>\(blockIdx.x\) \* BLOCK/static_cast<int32_t>(blockIdx.x * BLOCK)/
nt_affine.cu|s/f2.floats\(a.network_dtype, terms.f2\)/f1.floats(a.network_dtype, terms.f2)/
nt_device.cuh|s/>> 16 \* \(k % 2\)/>> 16 * (k \/ 2)/
nt_parts.cuh|s/i >> bits_ << LANE_BITS/static_cast<int32_t>(i >> bits_ << LANE_BITS)/
nt_scores.cu|s/round < 0 \|\| //
nt_scores.cu|s/round >= a.rounds/round > a.rounds/
nt_scores.cu|s/a.history\[round \* a.groups \+ g\]/a.history[g]/
nt_scores.cu|s/\(\*cursor\) \+ by/(*cursor) - by/
nt_affine.cu|s/by.f2, t.f2\[k\], v\[k\]/by.f2, t.f1[k], v[k]/
nt_affine.cu|s/a.clean\) \{/a.clean \&\& e > 0) {/
nt_affine.cu|s/threads > a.rows \? threads : a.rows/threads/
nt_affine.cu|s/row.parent >= a.parents/row.parent > a.parents/
nt_noise.cu|s/k < 4 && e \+ k < elements/k < 4/
nt_images.cu|s/bad\[r\] = 1;/bad[0] = 1;/
nt_images.cu|s/before \+ words \* 16 \+ first/words * 16 + first/
nt_images.cu|s/\(plane \* \(bottom - top\) - top\)/(plane * (bottom - top))/
nt_jpeg.cu|s/__syncthreads\(\); .. the words were read ..//
nt_jpeg.cu|s/w == 0 \? partial << 24 : 0/0/
nt_jpeg.cu|s/if \(bits > 0\) \{/if (bits > 7) {/
nt_jpeg.cu|s/used = \(bits \+ 31\) \/ 32/used = bits \/ 32/
nt_jpeg.cu|s/last\[t\] = blocks/last[0] = blocks/
nt_scores.cu|s/a.index < b.index/a.index > b.index/
nt_scores.cu|s/u >= 0 \? u : 0/u/
nt_scores.cu|s/&& to >= 0//
nt_norm.cu|s/norm.mean \+= c;//
nt_norm.cu|s/cluster_barrier\(\); .. the parts are there ..//
nt_norm.cu|s/cluster_barrier\(\); .. the others have read mine.*$//
nt_norm.cu|s/rank < 1u << shift/rank < 1u/
nt_norm.cu|s/lane \+ width < lanes/lane + width <= lanes/
nt_norm.cu|s/pixel -= a.pixels;//
nt_norm.cu|s/e \/ channels \* a.channels \+ e % channels/e/
nt_norm.cu|s/\(column \* W \+ j\) \/ channels/0/
nt_norm.cu|s/return by\[j\];/return by[0];/
nt_norm.cu|s/return k < most;/return k <= most;/
nt_norm.cu|s/row \* a.bias_stride/row * a.weight_stride/
nt_norm.cu|s/c % W \* NORM_THREADS \+ c/c % 2 * NORM_THREADS + c/
FAULTS
echo "$count faults, $missed not noticed"
((missed == 0))
