package org.noisetrail.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The house's rules (DESIGN, section 2), for the house that stands at a root package. */
final class ImportRule {
    /** From the top down: a room may use those after it, never those before it. */
    static final List<String> ROOMS = List.of(
            "cli", "report", "evaluation", "search", "engine", "sampler", "reward", "model", "checkpoint", "torch", "kernels", "trace", "files",
            "noise", "settings");

    private ImportRule() {}

    /** The rules by the name a failing test shows. */
    static Map<String, ArchRule> of(String root) {
        Map<String, ArchRule> rules = new LinkedHashMap<>();
        for (int room = 1; room < ROOMS.size(); room++) {
            String[] above = ROOMS.subList(0, room).stream()
                    .map(name -> inside(root, name))
                    .toArray(String[]::new);
            rules.put(
                    ROOMS.get(room) + " imports downward only",
                    noClasses()
                            .that()
                            .resideInAPackage(inside(root, ROOMS.get(room)))
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(above));
        }
        rules.put(
                "the root imports no room",
                noClasses()
                        .that()
                        .resideInAPackage(root)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(root + ".*.."));
        rules.put("no circle", slices().matching(root + ".(*)..").should().beFreeOfCycles());
        List<String> known =
                new ArrayList<>(ROOMS.stream().map(name -> inside(root, name)).toList());
        known.add(root);
        rules.put("every class has a room", classes().should().resideInAnyPackage(known.toArray(String[]::new)));
        rules.put(
                "search names no kernel and no tensor",
                noClasses()
                        .that()
                        .resideInAPackage(inside(root, "search"))
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("org.bytedeco..")
                        .orShould()
                        .dependOnClassesThat()
                        .haveFullyQualifiedName(root + ".kernels.Kernels"));
        rules.put(
                "only cli parses options",
                noClasses()
                        .that()
                        .resideOutsideOfPackage(inside(root, "cli"))
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("picocli.."));
        rules.put(
                "only cli prints and exits",
                noClasses()
                        .that()
                        .resideOutsideOfPackage(inside(root, "cli"))
                        .should()
                        .accessField(System.class, "out")
                        .orShould()
                        .accessField(System.class, "err")
                        .orShould()
                        .callMethod(System.class, "exit", int.class)
                        .orShould()
                        .callMethod(Runtime.class, "exit", int.class)
                        .orShould()
                        .callMethod(Runtime.class, "halt", int.class)
                        .orShould()
                        .callMethod(Throwable.class, "printStackTrace"));
        rules.put(
                "only kernels calls native methods",
                noClasses()
                        .that()
                        .resideOutsideOfPackage(inside(root, "kernels"))
                        .should()
                        .dependOnClassesThat()
                        .haveFullyQualifiedName(root + ".kernels.NativeKernels"));
        rules.put(
                "kernels know nothing of LibTorch",
                noClasses()
                        .that()
                        .resideInAPackage(inside(root, "kernels"))
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("org.bytedeco.pytorch.."));
        return rules;
    }

    private static String inside(String root, String room) {
        return root + "." + room + "..";
    }
}
