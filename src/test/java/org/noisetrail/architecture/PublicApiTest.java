package org.noisetrail.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.noisetrail.NoisetrailException;

/** What the module's users see. */
class PublicApiTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Set<String> EXPORTED = exported();

    /** What the module requires transitively, and every module has. */
    private static final List<String> OTHERS =
            List.of("java.", "javax.", "jdk.jfr.", "org.bytedeco.", "org.jspecify.annotations.");

    private static Set<String> exported() {
        try {
            return Pattern.compile("exports ([\\w.]+);")
                    .matcher(Files.readString(SOURCES.resolve("module-info.java")))
                    .results()
                    .map((MatchResult found) -> found.group(1))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void exportedPackagesShowOnlyWhatUsersCanName() {
        JavaClasses classes = new ClassFileImporter()
                .importUrl(NoisetrailException.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation());
        Set<String> hidden = new TreeSet<>();
        for (JavaClass type : classes) {
            if (!EXPORTED.contains(type.getPackageName()) || !isSeen(type)) {
                continue;
            }
            type.getSuperclass().ifPresent(parent -> check(type.getName(), parent, hidden));
            type.getInterfaces().forEach(parent -> check(type.getName(), parent, hidden));
            for (JavaMember member : type.getMembers()) {
                if (!isSeen(member.getModifiers()) || member.getModifiers().contains(JavaModifier.SYNTHETIC)) {
                    continue;
                }
                if (member instanceof JavaField field) {
                    check(member.getFullName(), field.getType(), hidden);
                } else if (member instanceof JavaCodeUnit unit) {
                    check(member.getFullName(), unit.getReturnType(), hidden);
                    unit.getParameterTypes().forEach(parameter -> check(member.getFullName(), parameter, hidden));
                    unit.getExceptionTypes().forEach(thrown -> check(member.getFullName(), thrown, hidden));
                }
            }
        }
        assertThat(EXPORTED).hasSizeGreaterThan(10);
        assertThat(hidden).as("types that a user's module cannot read").isEmpty();
    }

    private static void check(String where, JavaType type, Set<String> hidden) {
        for (JavaClass named : type.getAllInvolvedRawTypes()) {
            JavaClass element = named.getBaseComponentType();
            boolean known = element.isPrimitive()
                    || OTHERS.stream().anyMatch(element.getName()::startsWith)
                    || EXPORTED.contains(element.getPackageName()) && isSeen(element);
            if (!known) {
                hidden.add(where + " shows " + element.getName());
            }
        }
    }

    private static boolean isSeen(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static boolean isSeen(JavaClass type) {
        return isSeen(type.getModifiers())
                && type.getEnclosingClass().map(PublicApiTest::isSeen).orElse(true);
    }

    @Test
    void whatIsPublicSaysWhatItIs() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> silent = new ArrayList<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> paths = Files.walk(SOURCES)) {
            List<Path> sources = paths.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> EXPORTED.contains(
                            SOURCES.relativize(path.getParent()).toString().replace('/', '.')))
                    .toList();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            DocTrees comments = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Silent(comments, silent).scan(unit, null);
            }
        }
        assertThat(silent).as("public members without a comment").isEmpty();
    }

    /** Finds what is public, and neither has a comment of its own nor inherits one. A record's components are its comment's to tell. */
    private static final class Silent extends TreePathScanner<Void, Void> {
        private final DocTrees comments;
        private final List<String> found;

        Silent(DocTrees comments, List<String> found) {
            this.comments = comments;
            this.found = found;
        }

        private void look(Tree tree, String name, boolean isSeen) {
            TreePath path = getCurrentPath();
            DocCommentTree comment = comments.getDocCommentTree(path);
            if (isSeen && comment == null) {
                long line = path.getCompilationUnit()
                        .getLineMap()
                        .getLineNumber(comments.getSourcePositions().getStartPosition(path.getCompilationUnit(), tree));
                found.add(Path.of(path.getCompilationUnit().getSourceFile().getName()) + ":" + line + " " + name);
            }
        }

        private boolean isSeen(ModifiersTree modifiers) {
            return modifiers.getFlags().contains(Modifier.PUBLIC)
                    || modifiers.getFlags().contains(Modifier.PROTECTED)
                    || getCurrentPath().getParentPath().getLeaf() instanceof ClassTree owner
                            && owner.getKind() == Tree.Kind.INTERFACE
                            && !modifiers.getFlags().contains(Modifier.PRIVATE);
        }

        @Override
        public Void visitClass(ClassTree type, Void nothing) {
            if (!isSeen(type.getModifiers())) {
                return null;
            }
            look(type, type.getSimpleName().toString(), true);
            return super.visitClass(type, nothing);
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            boolean inherits = method.getModifiers().getAnnotations().stream()
                    .anyMatch(annotation ->
                            annotation.getAnnotationType().toString().equals("Override"));
            ClassTree owner = (ClassTree) getCurrentPath().getParentPath().getLeaf();
            boolean ofRecord = owner.getKind() == Tree.Kind.RECORD && method.getReturnType() == null;
            look(
                    method,
                    owner.getSimpleName() + "." + method.getName(),
                    isSeen(method.getModifiers()) && !inherits && !ofRecord);
            return null;
        }

        @Override
        public Void visitVariable(VariableTree field, Void nothing) {
            ClassTree owner = (ClassTree) getCurrentPath().getParentPath().getLeaf();
            boolean constant = owner.getKind() == Tree.Kind.ENUM;
            look(field, owner.getSimpleName() + "." + field.getName(), isSeen(field.getModifiers()) && !constant);
            return null;
        }

        @Override
        public Void visitBlock(BlockTree block, Void nothing) {
            return null;
        }
    }
}
