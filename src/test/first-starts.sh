#!/usr/bin/env bash
# src/test/first-starts.sh [TIMES] [PROCESSES] [JAVA OPTIONS...]: processes (3) that start at once on an empty cache of native libraries, again and again (10 times), by way of
# the command line's main class and not of ./noisetrail; ends with 1 if one of them fails. Unpacks 450 MB each time.
set -euo pipefail
cd "$(dirname "$0")/../.."
times=${1:-10}
processes=${2:-3}
shift $(($# < 2 ? $# : 2))
if [[ -z ${NOISETRAIL_TEST_CLASSPATH:-} ]]; then
    # shellcheck disable=SC2086
    mvn -q ${NOISETRAIL_MAVEN_OPTIONS:-} -Dmaven.test.skip=true process-classes dependency:build-classpath -Dmdep.outputFile=target/first-starts.classpath -Dmdep.includeScope=runtime
    NOISETRAIL_TEST_CLASSPATH=target/classes:$(<target/first-starts.classpath)
fi
tmp=${TMPDIR:-/tmp}
if [[ -w /dev/shm ]]; then tmp=/dev/shm; fi
work=$(mktemp -d "$tmp/first-starts.XXXXXX")
trap 'rm -rf "$work"' EXIT

failed=0
for ((time = 1; time <= times; time++)); do
    mkdir "$work/cache"
    pids=()
    for ((process = 0; process < processes; process++)); do
        java -XX:ErrorFile=/dev/null -XX:-CreateCoredumpOnCrash "-Dorg.bytedeco.javacpp.cachedir=$work/cache" "$@" \
            -cp "$NOISETRAIL_TEST_CLASSPATH" org.noisetrail.cli.Main doctor --json >"$work/$process.log" 2>&1 &
        pids+=($!)
    done
    line=
    for ((process = 0; process < processes; process++)); do
        code=0
        wait "${pids[process]}" || code=$?
        line+=" $code"
        if ((code != 0)); then
            failed=$((failed + 1))
            grep -m 3 -e '^noisetrail' -e unavailable -e SIG "$work/$process.log" >&2 || true
        fi
    done
    echo "$time: exit codes$line"
    rm -rf "$work/cache"
done
echo "$((times * processes)) starts, $failed failed"
((failed == 0))
