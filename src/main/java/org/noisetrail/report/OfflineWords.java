package org.noisetrail.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.noisetrail.evaluation.Funnels;
import org.noisetrail.evaluation.Interval;
import org.noisetrail.evaluation.OfflineTable;
import org.noisetrail.evaluation.RewardTensor;
import org.noisetrail.files.Excerpt;
import org.noisetrail.files.Numbers;
import org.noisetrail.search.Methods;

/** What methods choose among stored trajectories, in words: for a terminal, and as JSON. */
public final class OfflineWords {
    private OfflineWords() {}

    /** The table in aligned columns. */
    public static String text(OfflineTable table) {
        List<String> rewards = table.tensor().rewards();
        List<String> head = new ArrayList<>(List.of("method", "NFE", "reward calls"));
        rewards.forEach(name -> head.add(name + " [95 %]"));
        head.add("best-of-n at its NFE");
        rewards.forEach(name -> head.add(name + ", difference"));
        head.add("settings");
        TextTable lines = new TextTable(head.toArray(String[]::new));
        for (OfflineTable.Row row : table.rows()) {
            List<String> line = new ArrayList<>(List.of(
                    row.label(),
                    ComparisonWords.whole(row.networkEvaluations()),
                    String.format(Locale.ROOT, "%.1f", row.rewardCalls())));
            row.scores().forEach(score -> line.add(score.toString()));
            OfflineTable.Against against = row.against();
            line.add(against == null ? "" : against.label());
            for (int i = 0; i < rewards.size(); i++) {
                line.add(against == null ? "" : against.scores().get(i).toString());
            }
            line.add(Methods.registry().words(row.method()));
            lines.row(line.toArray(String[]::new));
        }
        return "chosen by " + Excerpt.of(rewards.get(table.searched())) + ", of "
                + table.tensor().runs().size() + " images with "
                + table.tensor().trajectories()
                + " trajectories each\n" + lines;
    }

    /** @param judge the reward that they were chosen by */
    public static String text(RewardTensor tensor, List<Funnels.Tried> funnels, String judge) {
        List<String> head = new ArrayList<>(List.of("funnel", "NFE", "where chosen"));
        tensor.rewards().forEach(name -> head.add(name + " [95 %]"));
        TextTable lines = new TextTable(head.toArray(String[]::new));
        for (Funnels.Tried tried : funnels) {
            List<String> line = new ArrayList<>(List.of(
                    Methods.registry().text(tried.method()),
                    ComparisonWords.whole(tried.networkEvaluations()),
                    Numbers.score(tried.chosenOn())));
            tried.scores().forEach(score -> line.add(score.toString()));
            lines.row(line.toArray(String[]::new));
        }
        return "funnels chosen by " + Excerpt.of(judge)
                + " on one half of what was asked; their numbers are the other half's\n" + lines;
    }

    /** The table, a row a method. */
    public static Map<String, @Nullable Object> json(OfflineTable table) {
        List<String> rewards = table.tensor().rewards();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("settings", table.tensor().settings());
        json.put("searched", rewards.get(table.searched()));
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (OfflineTable.Row row : table.rows()) {
            Map<String, @Nullable Object> each = new LinkedHashMap<>();
            each.put("label", row.label());
            each.put("settings", Methods.registry().json(row.method()));
            each.put("networkEvaluations", row.networkEvaluations());
            each.put("rewardCalls", row.rewardCalls());
            each.put("scores", json(rewards, row.scores()));
            OfflineTable.Against against = row.against();
            if (against != null) {
                each.put(
                        "againstBestOfN",
                        Map.of("label", against.label(), "difference", json(rewards, against.scores())));
            }
            rows.add(each);
        }
        json.put("rows", rows);
        return json;
    }

    /** What funnels were tried, best first. */
    public static List<Map<String, @Nullable Object>> json(RewardTensor tensor, List<Funnels.Tried> funnels) {
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (Funnels.Tried tried : funnels) {
            Map<String, @Nullable Object> each = new LinkedHashMap<>();
            each.put("method", Methods.registry().text(tried.method()));
            each.put("networkEvaluations", tried.networkEvaluations());
            each.put("whereChosen", Numbers.orNull(tried.chosenOn()));
            each.put("scores", json(tensor.rewards(), tried.scores()));
            rows.add(each);
        }
        return rows;
    }

    private static Map<String, @Nullable Object> json(List<String> rewards, List<Interval> scores) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        for (int i = 0; i < scores.size(); i++) {
            json.put(rewards.get(i), ComparisonWords.json(scores.get(i)));
        }
        return json;
    }
}
