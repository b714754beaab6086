#!/usr/bin/env bash
# What to see first on a card (docs/gpu.md), a line each: benchmarks/card.sh [DEVICE [OUT]], by default cuda:0. `benchmarks/card.sh cpu` tries the script itself where there is none.
# What it has written is under OUT, by default a new folder in target/, and in the end all of it is in OUT.tar.gz; it goes on after what fails, and says so in the end.
#
# What must be there, built where nvcc is:
#   the library and LibTorch's GPU build: NOISETRAIL_MAVEN_OPTIONS=-Pgpu ./noisetrail doctor (run here in any case: the option is set where it is not)
#   the kernels' program:                 cmake -S . -B target/native -DNOISETRAIL_PROGRAMS=ON && cmake --build target/native --target kernels_gpu
# On a machine that builds nothing, name both:
#   NOISETRAIL   the command line, by default ./noisetrail; "java -cp ... org.noisetrail.cli.Main"
#   KERNELS      kernels_gpu, by default target/native/src/test/cpp/kernels_gpu
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
device=${1:-cuda:0}
out=${2:-target/card-$(date +%Y%m%d-%H%M%S)}
kernels=${KERNELS:-target/native/src/test/cpp/kernels_gpu}
read -r -a noisetrail <<<"${NOISETRAIL:-./noisetrail}"
ordinal=0
if [[ $device != cpu ]]; then
    export NOISETRAIL_MAVEN_OPTIONS=${NOISETRAIL_MAVEN_OPTIONS--Pgpu}
    [[ $device == *:* ]] && ordinal=${device#*:}
fi
mkdir -p "$out"
failed=0
# Seconds for all of it, and for any one check: what is last in here is left out first.
deadline=$((SECONDS + ${LIMIT:-540}))
most=300

# limited COMMAND...: with what time is left
limited() {
    local left=$((deadline - SECONDS))
    if ((left < 5)); then
        echo "no time is left: LIMIT=SECONDS gives more"
        return 124
    fi
    timeout "$((left < most ? left : most))" "$@"
}

# say NAME RESULT: a line of the table
say() { printf '%-44s %s\n' "$1" "$2" | tee -a "$out/checks.txt"; }

# bad NAME RESULT FILE: what has failed, with the last line of its text
bad() {
    say "$1" "FAILED: $2, $3: $(grep -v '^[[:space:]]*$' "$3" 2>/dev/null | tail -n 1)"
    failed=1
}

# run NAME COMMAND...: a check by its exit code; 77 is "no card", which is all right where none was named
run() {
    local name=$1 text=$out/${1// /-}.txt status=0
    shift
    limited "$@" >"$text" 2>&1 || status=$?
    if ((status == 0)); then
        say "$name" equal
    elif ((status == 77)) && [[ $device == cpu ]]; then
        say "$name" "skipped: no card"
    else
        bad "$name" "exit code $status" "$text"
    fi
}

if [[ -x $kernels || $device != cpu ]]; then
    run "kernels beside their CPU form" "$kernels" "$ordinal"
else
    say "kernels beside their CPU form" "skipped: no $kernels"
fi

limited "${noisetrail[@]}" doctor >"$out/doctor.txt" 2>&1 || bad doctor "exit code $?" "$out/doctor.txt"

# search NAME DEVICE ARGUMENTS...: a search; its seconds
search() {
    local folder=$out/$1 begin end status=0
    shift
    begin=$(date +%s%N)
    limited "${noisetrail[@]}" generate -q --device "$@" --out "$folder" >"$folder.txt" 2>&1 || status=$?
    end=$(date +%s%N)
    printf '%d.%03d s' $(((end - begin) / 1000000000)) $(((end - begin) / 1000000 % 1000))
    return $status
}

# same NAME FOLDER OTHER SECONDS: whether two searches have made the same choices
same() {
    if cmp "$out/$2/trail.json" "$out/$3/trail.json" >"$out/$3.cmp.txt" 2>&1; then
        rm "$out/$3.cmp.txt"
        say "$1" "equal choices, $4"
    else
        bad "$1" "other choices" "$out/$3.cmp.txt"
    fi
}

# choices NAME ARGUMENTS...: the card, call by call, chooses as the CPU does
choices() {
    local name=$1 seconds
    shift
    if ! search "$name-cpu" cpu "$@" >/dev/null; then
        bad "$name on the CPU" "no search" "$out/$name-cpu.txt"
    elif ! seconds=$(search "$name-calls" "$device" "$@"); then
        bad "$name, calls" "no search" "$out/$name-calls.txt"
    else
        same "$name, calls as the CPU" "$name-cpu" "$name-calls" "$seconds"
    fi
}

# graphs NAME ARGUMENTS...: as choices; then the card by graphs, which must have been recorded, chooses as it does call by call
graphs() {
    choices "$@"
    local name=$1 seconds
    shift
    if ! seconds=$(search "$name-graphs" "$device" "$@" --graphs); then
        bad "$name, graphs" "no search" "$out/$name-graphs.txt"
    elif grep 'call by call' "$out/$name-graphs.txt" >"$out/$name-graphs.none.txt"; then
        bad "$name, graphs" "none was recorded" "$out/$name-graphs.none.txt"
    else
        rm "$out/$name-graphs.none.txt"
        same "$name, graphs as calls" "$name-calls" "$name-graphs" "$seconds"
    fi
}

graphs class-brightness --images 4 --reward brightness --method eps-greedy --candidates 4 --rounds 4
graphs class-class --images 4 --reward class --method eps-greedy --candidates 4 --rounds 4
graphs prompts-clip --model fashion-scenes --prompt "two red bags" --images 2 --reward clip --method eps-greedy --candidates 4 --rounds 2
choices prompts-pruned --model fashion-scenes --prompt "two red bags" --images 2 --reward clip --method pruned-best-of-n --candidates 8 --keep 6@2,2@6 --noises 1

if [[ -x $kernels || $device != cpu ]]; then
    for tool in memcheck racecheck initcheck synccheck; do
        if command -v compute-sanitizer >/dev/null; then
            run "$tool" compute-sanitizer --tool "$tool" --error-exitcode 9 "$kernels" "$ordinal" untimed
        else
            say "$tool" "skipped: no compute-sanitizer"
        fi
    done
fi

tar -czf "$out.tar.gz" -C "$(dirname "$out")" "$(basename "$out")" && echo "$out.tar.gz"
exit $failed
