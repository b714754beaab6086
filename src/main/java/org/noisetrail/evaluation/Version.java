package org.noisetrail.evaluation;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
public final class Version implements IVersionProvider {
    /** As in pom.xml; a test compares them. */
    public static final String NOISETRAIL = "0.1.0-SNAPSHOT";

    @Override
    public String[] getVersion() {
        return new String[] {"noisetrail " + NOISETRAIL};
    }
}
