#!/usr/bin/env bash
# What is too long for `mvn verify`; each ends with 1 if it finds a fault (src/test/README.md):
#   src/test/attack.sh fuzz SECONDS [SEED]        damaged inputs for every parser
#   src/test/attack.sh kills [KILLS] [SEED]       generate and compare killed at random moments (100)
#   src/test/attack.sh leaks [SEARCHES]           memory and native objects over many searches (1000)
#   src/test/attack.sh mutants [FILE-OR-NUMBER]   defects that the tests must see: all, those of a file, or one
set -euo pipefail
cd "$(dirname "$0")/../.."
uncounted=true
case ${1:-} in
    fuzz) main=org.noisetrail.fuzz.Fuzz ;;
    kills) main=org.noisetrail.robustness.Kills ;;
    # These count native objects.
    leaks) main=org.noisetrail.robustness.Leaks; uncounted=false ;;
    mutants) main=org.noisetrail.robustness.Mutants; uncounted=false ;;
    *) sed -n '2,6s/^# *//p' "$0" >&2; exit 2 ;;
esac
shift
# shellcheck disable=SC2086
mvn -q ${NOISETRAIL_MAVEN_OPTIONS:-} test-compile dependency:build-classpath -Dmdep.outputFile=target/attack.classpath -Dmdep.includeScope=test
# Many small files: in memory where there is such a folder.
tmp=${TMPDIR:-/tmp}
if [[ -w /dev/shm ]]; then tmp=/dev/shm; fi
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive} GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-1000}
exec java -Xmx1g -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.nopointergc=$uncounted \
    -Djava.io.tmpdir="$tmp" -Djava.awt.headless=true -cp "target/test-classes:target/classes:$(cat target/attack.classpath)" "$main" "$@"
