package org.noisetrail.serve;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.files.Numbers;
import org.noisetrail.model.Pipeline;
import org.noisetrail.reward.RewardKind;
import org.noisetrail.reward.RewardText;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.Samplers;
import org.noisetrail.search.Methods;
import org.noisetrail.settings.Kind;
import org.noisetrail.settings.Registry;
import org.noisetrail.settings.Setting;

/** What can be asked for: OpenAI's list of models, with all that the page's form is made of. */
final class Catalogue {
    private Catalogue() {}

    static Map<String, @Nullable Object> json(Pipeline pipeline, Defaults defaults, Limits limits) {
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        model.put("id", pipeline.name());
        model.put("object", "model");
        model.put("created", 0);
        model.put("owned_by", "noisetrail");
        model.put(
                "takes",
                pipeline.takesPrompts() ? "prompt" : pipeline.classNames().isEmpty() ? "nothing" : "class");
        model.put("classes", pipeline.classNames());
        model.put("size", DrawingParser.size(pipeline.decoder().image()));
        model.put("method", defaults.method().name());
        model.put("methods", kinds(Methods.registry(), defaults.method(), Map.of()));
        model.put("sampler", defaults.sampler().name());
        model.put("samplers", kinds(Samplers.registry(), defaults.sampler(), Samplers.shared(pipeline)));
        RewardText reward = defaults.reward();
        model.put("reward", (reward == null ? RewardText.usual(pipeline) : reward).toString());
        model.put(
                "held_out",
                defaults.heldOut() == null ? null : defaults.heldOut().toString());
        model.put("rewards", Rewards.kinds().stream().map(RewardKind::name).toList());
        Map<String, Object> most = new LinkedHashMap<>();
        most.put("n", limits.images());
        most.put("budget", limits.evaluations());
        most.put("time_limit", Numbers.inSeconds(limits.time()));
        most.put("prompt", DrawingParser.LONGEST_PROMPT);
        model.put("limits", most);
        return Map.of("object", "list", "data", List.of(model));
    }

    /** @param shared texts by setting name that hold for the kinds that are not the usual one's */
    private static <T> List<Map<String, Object>> kinds(Registry<T> registry, T usual, Map<String, String> shared) {
        return registry.kinds().stream()
                .map(kind -> {
                    Map<String, Object> json = new LinkedHashMap<>();
                    json.put("name", kind.name());
                    json.put("help", kind.help());
                    json.put(
                            "settings",
                            kind.settings().stream()
                                    .map(setting -> setting(setting, kind, registry, usual, shared))
                                    .toList());
                    return json;
                })
                .toList();
    }

    private static <T, V> Map<String, Object> setting(
            Setting<V> setting, Kind<T> kind, Registry<T> registry, T usual, Map<String, String> shared) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", DrawingParser.field(setting));
        json.put("help", setting.help());
        json.put(
                "default",
                kind.equals(registry.kindOf(usual))
                        ? setting.text(kind.values(usual).get(setting))
                        : shared.getOrDefault(setting.name(), setting.text(setting.fallback())));
        json.put("flag", setting.isFlag());
        return json;
    }
}
