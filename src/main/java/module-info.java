/** Searches for the noise that makes a pretrained diffusion or flow model draw a better image. */
module org.noisetrail {
    requires static transitive org.jspecify;
    // Of CUDA's presets only where there is a card.
    requires static org.bytedeco.cuda;
    requires transitive org.bytedeco.pytorch;
    requires transitive java.desktop;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.openblas;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires jdk.httpserver;
    requires transitive jdk.jfr;
    requires org.slf4j;
    requires me.tongfei.progressbar;
    requires xchart;

    exports org.noisetrail;
    exports org.noisetrail.engine;
    exports org.noisetrail.evaluation;
    exports org.noisetrail.kernels;
    exports org.noisetrail.model;
    exports org.noisetrail.noise;
    exports org.noisetrail.report;
    exports org.noisetrail.reward;
    exports org.noisetrail.sampler;
    exports org.noisetrail.search;
    exports org.noisetrail.serve;
    exports org.noisetrail.settings;
    exports org.noisetrail.trace;

    opens org.noisetrail.cli to
            info.picocli;

    uses org.noisetrail.evaluation.CellRunner.Provider;
    uses org.noisetrail.reward.RewardKind.Provider;
    uses org.noisetrail.sampler.Sampler.Provider;
    uses org.noisetrail.search.Method.Provider;
}
