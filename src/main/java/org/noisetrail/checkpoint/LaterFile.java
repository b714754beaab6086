package org.noisetrail.checkpoint;

/** Files in which transformers 5 writes what lay in others before: read, and part of a digest, where those are not there. */
public enum LaterFile {
    /** In the place of {@code vocab.json} and {@code merges.txt}. */
    TOKENIZER("tokenizer.json", "vocab.json"),

    /** In the place of {@code preprocessor_config.json}, under {@code image_processor}. */
    PROCESSOR("processor_config.json", "preprocessor_config.json");

    private final String file;
    private final String before;

    LaterFile(String file, String before) {
        this.file = file;
        this.before = before;
    }

    public String file() {
        return file;
    }

    /** @param folder within the model's, with a slash at its end; empty for the model's own */
    public boolean counts(ModelFiles files, String folder) {
        return files.has(folder + file) && !files.has(folder + before);
    }
}
