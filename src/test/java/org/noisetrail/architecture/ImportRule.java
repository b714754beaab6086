package org.noisetrail.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.constructors;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The house's rules, for the house that stands at a root package. */
final class ImportRule {
    /** From the top down: a room may use those after it, never those before it. */
    static final List<String> ROOMS = List.of(
            "cli",
            "serve",
            "report",
            "evaluation",
            "search",
            "engine",
            "sampler",
            "reward",
            "model",
            "checkpoint",
            "torch",
            "kernels",
            "trace",
            "files",
            "noise",
            "settings");

    private static final Set<String> NOTHING = Set.of();

    /** What takes a locale, and takes the default one if it is given none. */
    private static final Map<String, Set<String>> FORMATS = Map.of(
            "java.lang.String", Set.of("format", "formatted", "toLowerCase", "toUpperCase"),
            "java.io.PrintStream", Set.of("format", "printf"),
            "java.io.PrintWriter", Set.of("format", "printf"),
            "java.util.Formatter", Set.of("<init>"),
            "java.util.Scanner", Set.of("<init>"),
            "java.text.DecimalFormat", Set.of("<init>"),
            "java.text.SimpleDateFormat", Set.of("<init>"),
            "java.text.MessageFormat", Set.of("<init>", "format"),
            "java.text.NumberFormat",
                    Set.of("getInstance", "getNumberInstance", "getIntegerInstance", "getPercentInstance"),
            "java.time.format.DateTimeFormatter", Set.of("ofPattern"));

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
        rules.put("what has parts closes them when the next cannot be made", noConstructorLeavesParts(root));
        rules.put(
                "numbers and words look alike in every country",
                noClasses()
                        .should()
                        .accessTargetWhere(DescribedPredicate.describe(
                                "formats, or changes case, by the default locale", ImportRule::asksTheDefaultLocale)));
        return rules;
    }

    /** A constructor that makes several of the parts that its object closes has to do so within {@code Unfinished}. */
    private static ArchRule noConstructorLeavesParts(String root) {
        return constructors()
                .that(DescribedPredicate.describe("make several parts", ImportRule::makesParts))
                .should(ArchCondition.from(DescribedPredicate.describe(
                        "hold them in an Unfinished",
                        constructor -> constructor.getConstructorCallsFromSelf().stream()
                                .anyMatch(
                                        call -> call.getTargetOwner().getName().equals(root + ".torch.Unfinished")))))
                .allowEmptyShould(true);
    }

    private static boolean makesParts(JavaConstructor constructor) {
        Set<JavaField> closed = constructor.getOwner().getMethods().stream()
                .filter(method -> method.getName().equals("close"))
                .flatMap(method -> method.getFieldAccesses().stream())
                .flatMap(access -> access.getTarget().resolveMember().stream())
                .filter(field -> field.getRawType().isAssignableTo(AutoCloseable.class))
                .collect(Collectors.toSet());
        long parts = constructor.getFieldAccesses().stream()
                .filter(access -> access.getAccessType() == JavaFieldAccess.AccessType.SET)
                .flatMap(access -> access.getTarget().resolveMember().stream())
                .filter(closed::contains)
                .distinct()
                .count();
        // Parts that others made are handed in.
        long makers = Stream.concat(
                        constructor.getConstructorCallsFromSelf().stream().map(JavaAccess::getTargetOwner),
                        constructor.getMethodCallsFromSelf().stream()
                                .map(call -> call.getTarget().getRawReturnType()))
                .filter(type -> type.isAssignableTo(AutoCloseable.class))
                .count();
        return parts >= 2 && makers >= 2;
    }

    /** Such a call would write other digits under ar-EG, another i under tr-TR. */
    private static boolean asksTheDefaultLocale(JavaAccess<?> access) {
        if (!(access.getTarget() instanceof CodeUnitAccessTarget target)
                || !FORMATS.getOrDefault(target.getOwner().getName(), NOTHING).contains(target.getName())) {
            return false;
        }
        return target.getRawParameterTypes().stream()
                .noneMatch(
                        type -> type.isEquivalentTo(Locale.class) || type.isEquivalentTo(DecimalFormatSymbols.class));
    }

    private static String inside(String root, String room) {
        return root + "." + room + "..";
    }
}
