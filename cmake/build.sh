#!/usr/bin/env bash
set -euo pipefail
mkdir -p "$1/lib"
g++ -O3 -march=native -ffp-contract=off -shared -fPIC -Isrc/main/cpp -o "$1/lib/libnoisetrail.so" src/main/cpp/noisetrail.cpp
