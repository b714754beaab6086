package org.noisetrail.serve;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;
import org.noisetrail.trace.Progress;

/** What clients are told of a job. */
final class JobJson {
    private JobJson() {}

    /** As OpenAI's images API answers, with more said of each image. */
    static Map<String, @Nullable Object> answer(Job job, Job.State state, String origin) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("created", job.created().getEpochSecond());
        json.put("data", data(job, state, origin));
        json.put("id", job.id());
        json.put("complete", state.drawn().size() == job.drawing().images().size());
        return json;
    }

    /** Where it stands. */
    static Map<String, @Nullable Object> status(Job job, Job.State state, int before, String origin) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", job.id());
        json.put("object", "job");
        json.put("created", job.created().getEpochSecond());
        json.put("status", state.status().word());
        json.put("before", before);
        json.put("events", "/jobs/" + job.id() + "/events");
        if (state.progress() != null) {
            json.put("progress", progress(state.progress()));
        }
        json.put("data", data(job, state, origin));
        json.put("settings", job.drawing().settings());
        if (state.refusal() != null) {
            json.put("error", state.refusal().json());
        }
        return json;
    }

    private static List<Map<String, @Nullable Object>> data(Job job, Job.State state, String origin) {
        return IntStream.range(0, state.drawn().size())
                .mapToObj(place -> image(job, state, place, origin))
                .toList();
    }

    /** @param place among those that are finished */
    static Map<String, @Nullable Object> image(Job job, Job.State state, int place, String origin) {
        Job.Drawn drawn = state.drawn().get(place);
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        if (job.drawing().links()) {
            json.put("url", origin + "/jobs/" + job.id() + "/images/" + place + ".png");
        } else {
            json.put("b64_json", base64(drawn.png()));
        }
        json.put("image", drawn.number());
        json.put("reward", Numbers.orNull(drawn.reward()));
        json.put("held_out", Numbers.orNull(drawn.heldOut()));
        json.put("nfe", drawn.networkEvaluations());
        json.put("finite", drawn.finite());
        return json;
    }

    static Map<String, @Nullable Object> progress(Progress progress) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("step", progress.imageSteps());
        json.put("steps", progress.imageStepsTotal());
        json.put("nfe", progress.networkEvaluations());
        json.put("best_reward", Numbers.orNull(progress.bestReward()));
        return json;
    }

    static Map<String, @Nullable Object> preview(Job.Preview preview) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("reward", Numbers.orNull(preview.reward()));
        json.put("b64_json", base64(preview.png()));
        return json;
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
