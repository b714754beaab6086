#!/usr/bin/env bash
# src/test/fuzz.sh SECONDS [SEED]: damaged inputs for every parser, for as long as asked; ends with 1 if there is a fault.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck disable=SC2086
mvn -q ${NOISETRAIL_MAVEN_ARGS:-} test-compile dependency:build-classpath -Dmdep.outputFile=target/fuzz.classpath -Dmdep.includeScope=test
# A file an input: in memory where there is such a folder.
tmp=${TMPDIR:-/tmp}
if [[ -w /dev/shm ]]; then tmp=/dev/shm; fi
exec java -Xmx1g -Djava.io.tmpdir="$tmp" -Djava.awt.headless=true -cp "target/test-classes:target/classes:$(cat target/fuzz.classpath)" \
    org.noisetrail.fuzz.Fuzz "$@"
