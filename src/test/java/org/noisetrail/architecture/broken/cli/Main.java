package org.noisetrail.architecture.broken.cli;

public class Main {}
