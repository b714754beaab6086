package org.noisetrail.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
    /** As in pom.xml; a test compares them. */
    static final String NOISETRAIL = "0.1.0-SNAPSHOT";

    @Override
    public String[] getVersion() {
        return new String[] {"noisetrail " + NOISETRAIL};
    }
}
