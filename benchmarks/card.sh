#!/usr/bin/env bash
# What to see first on a card (docs/gpu.md), a line each: benchmarks/card.sh [DEVICE [OUT]], by default cuda:0. `benchmarks/card.sh cpu` tries the script itself where there is none.
#   NOISETRAIL   the command line, by default ./noisetrail; on a machine that builds nothing: "java -cp ... org.noisetrail.cli.Main"
#   KERNELS      kernels_gpu, by default where CMake builds it (docs/kernels.md)
# What it has written is under OUT, by default a folder of its own; it goes on after what fails, and says so in the end.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
device=${1:-cuda:0}
out=${2:-$(mktemp -d)}
kernels=${KERNELS:-target/native/src/test/cpp/kernels_gpu}
read -r -a noisetrail <<<"${NOISETRAIL:-./noisetrail}"
mkdir -p "$out"
failed=0

# say NAME RESULT: a line of the table
say() { printf '%-44s %s\n' "$1" "$2"; }
bad() {
    say "$1" "FAILED: $2"
    failed=1
}

# run NAME COMMAND...: a check by its exit code; 77 is "nothing to do here"
run() {
    local name=$1 status=0
    shift
    timeout 300 "$@" >"$out/${name// /-}.txt" 2>&1 || status=$?
    case $status in
        0) say "$name" equal ;;
        77) say "$name" "skipped: no card" ;;
        *) bad "$name" "exit code $status, $out/${name// /-}.txt" ;;
    esac
}

if [[ -x $kernels ]]; then
    run "kernels beside their CPU form" "$kernels"
    for tool in memcheck racecheck initcheck synccheck; do
        if command -v compute-sanitizer >/dev/null; then
            run "$tool" compute-sanitizer --tool "$tool" --error-exitcode 9 "$kernels"
        fi
    done
else
    say "kernels beside their CPU form" "skipped: no $kernels"
fi

"${noisetrail[@]}" doctor >"$out/doctor.txt" 2>&1 || bad doctor "$out/doctor.txt"

# search NAME DEVICE ARGUMENTS...: a search; its seconds
search() {
    local folder=$out/$1 begin end status=0
    shift
    begin=$(date +%s%N)
    timeout 300 "${noisetrail[@]}" generate -q --device "$@" --out "$folder" >"$folder.txt" 2>&1 || status=$?
    end=$(date +%s%N)
    printf '%d.%03d s' $(((end - begin) / 1000000000)) $(((end - begin) / 1000000 % 1000))
    return $status
}

# choices NAME ARGUMENTS...: the card chooses as the CPU does, call by call and by graphs
choices() {
    local name=$1 seconds
    shift
    search "$name-cpu" cpu "$@" >/dev/null || { bad "$name on the cpu" "$out/$name-cpu.txt"; return; }
    for way in calls graphs; do
        local more=()
        [[ $way == graphs ]] && more=(--graphs)
        if ! seconds=$(search "$name-$way" "$device" "$@" "${more[@]}"); then
            bad "$name, $way" "$out/$name-$way.txt"
        elif cmp -s "$out/$name-cpu/trail.json" "$out/$name-$way/trail.json"; then
            say "$name, $way" "equal choices, $seconds"
        else
            bad "$name, $way" "other choices than the CPU's: $out/$name-$way/trail.json"
        fi
    done
}

choices class-brightness --images 4 --reward brightness --method eps-greedy --candidates 4 --rounds 4
choices class-class --images 4 --reward class --method eps-greedy --candidates 4 --rounds 4
choices prompts-clip --model fashion-scenes --prompt "two red bags" --images 2 --reward clip --method eps-greedy --candidates 4 --rounds 2
choices prompts-pruned --model fashion-scenes --prompt "two red bags" --images 2 --reward clip --method pruned-best-of-n --candidates 8 --keep 6@2,2@6 --noises 1

exit $failed
