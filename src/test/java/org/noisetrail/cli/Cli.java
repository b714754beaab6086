package org.noisetrail.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** Runs commands in this process. */
final class Cli {
    /** How a command ended, and what it printed. */
    record Ending(int code, String out, String err) {}

    private Cli() {}

    static Ending run(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = new String[args.length];
        for (int i = 0; i < args.length; i++) {
            words[i] = args[i].toString();
        }
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), words);
        return new Ending(code, out.toString(), err.toString());
    }
}
