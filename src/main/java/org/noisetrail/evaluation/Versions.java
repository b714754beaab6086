package org.noisetrail.evaluation;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.Loader;

/** What the results were made with. */
public final class Versions {
    private Versions() {}

    /** Names with versions, in the order in which files list them. */
    public static Map<String, String> json() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("noisetrail", Version.NOISETRAIL);
        versions.put("java", System.getProperty("java.version", "unknown"));
        versions.put("libtorch", libTorch());
        return versions;
    }

    /** The version of the LibTorch presets: LibTorch's own, then JavaCPP's. */
    public static String libTorch() {
        return fromPom("org.bytedeco", "pytorch");
    }

    /** JavaCPP's. */
    public static String javaCpp() {
        return fromPom("org.bytedeco", "javacpp");
    }

    private static String fromPom(String group, String artifact) {
        try {
            String version = Loader.getVersion(group, artifact);
            return version == null ? "unknown" : version;
        } catch (IOException e) {
            return "unknown";
        }
    }
}
