#!/usr/bin/env bash
# Runs the module's test on a cluster of two executors on this machine, one of which is killed in the middle. After `mvn install` in the root.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")"

maven() { mvn -B -ntp -f ../modules/pom.xml -pl ../bom,../spark "$@"; }
maven -q test-compile dependency:build-classpath -Dmdep.outputFile=target/classpath
# Outside a distribution Spark starts its executors from $SPARK_HOME/jars, and does not know its Scala.
export SPARK_HOME=$PWD/target/spark-home SPARK_SCALA_VERSION=2.13 SPARK_LOCAL_IP=127.0.0.1
rm -rf "$SPARK_HOME"
mkdir -p "$SPARK_HOME/jars"
tr ':' '\n' <target/classpath | xargs -I{} ln -sf {} "$SPARK_HOME/jars/"
maven surefire:test '-Dnoisetrail.spark.master=local-cluster[2,1,1024]' "$@"
