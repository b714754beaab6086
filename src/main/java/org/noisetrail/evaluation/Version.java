package org.noisetrail.evaluation;

/** The library's version. */
public final class Version {
    /** As in pom.xml; a test compares them. */
    public static final String NOISETRAIL = "0.1.0-SNAPSHOT";

    private Version() {}
}
