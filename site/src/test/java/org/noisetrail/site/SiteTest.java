package org.noisetrail.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** Where tested code lies. */
    private static final List<String> CODE = List.of("examples/src", "adapters", "src/test/java");

    private static List<Path> files(Path folder, String end) {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(path -> path.toString().endsWith(end)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without spaces and lines: a page breaks them as it can be read. */
    private static String flat(String code) {
        return code.replaceAll("\\s+", "");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void everyLinkLeadsToAFileAndEveryAnchorToAPlaceInIt(@TempDir Path out) throws IOException {
        new Site(ROOT, out).write();
        List<String> broken = new ArrayList<>();
        List<Path> pages = files(out, ".html");
        for (Path page : pages) {
            for (String link : LINK.matcher(read(page))
                    .results()
                    .map((MatchResult m) -> m.group(1))
                    .toList()) {
                if (link.contains(":")) {
                    continue;
                }
                String[] parts = link.split("#", 2);
                Path target = parts[0].isEmpty()
                        ? page
                        : page.resolveSibling(URLDecoder.decode(parts[0], StandardCharsets.UTF_8))
                                .normalize();
                if (!Files.isRegularFile(target)
                        || parts.length == 2 && !read(target).contains("id=\"" + parts[1] + "\"")) {
                    broken.add(out.relativize(page) + " -> " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(pages).hasSizeGreaterThan(10);
        assertThat(out.resolve("docs/demo.png")).isNotEmptyFile();
    }

    @Test
    void everyPageOfJavaShowsCodeThatIsTested() {
        String code = CODE.stream()
                .flatMap(folder -> files(ROOT.resolve(folder), ".java").stream())
                .map(file -> flat(read(file)))
                .collect(Collectors.joining("\n"));
        int blocks = 0;
        List<String> untested = new ArrayList<>();
        for (Path page : files(ROOT.resolve("docs"), ".md")) {
            for (String block : JAVA.matcher(read(page))
                    .results()
                    .map((MatchResult m) -> m.group(1))
                    .toList()) {
                blocks++;
                // "..." stands for what is left out.
                for (String part : block.split("(?m)^\\s*\\.\\.\\.\\s*$")) {
                    if (!code.contains(flat(part))) {
                        untested.add(page.getFileName() + ": " + part);
                    }
                }
            }
        }
        assertThat(untested).as("code that stands in no test or example").isEmpty();
        assertThat(blocks).isGreaterThan(5);
    }

    /** Messages stand first in a row; what differs is three dots, and Java's and other programs' are not ours. */
    @Test
    void everyMessageThatIsExplainedIsOneOfTheProducts() {
        String sources = Stream.concat(
                        files(ROOT.resolve("src/main/java"), ".java").stream(), Stream.of(ROOT.resolve("noisetrail")))
                .map(SiteTest::read)
                .collect(Collectors.joining("\n"))
                // As one text what Java's lines have broken, and as the reader sees it what they have escaped.
                .replaceAll("\"\\s*\\+\\s*\"", "")
                .replace("\\\"", "\"");
        List<String> unknown = new ArrayList<>();
        int messages = 0;
        String page = read(ROOT.resolve("docs/troubleshooting.md"));
        for (MatchResult row : Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(page)
                .results()
                .toList()) {
            messages++;
            for (String part : row.group(1).split("\\.\\.\\.")) {
                if (part.strip().length() > 3 && !sources.contains(part.strip())) {
                    unknown.add(row.group(1) + ": " + part.strip());
                }
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(messages).isGreaterThan(15);
    }

    @Test
    void aLinkToNothingIsAnError(@TempDir Path clone) throws IOException {
        Files.createDirectories(clone.resolve("docs"));
        Files.writeString(clone.resolve("README.md"), "# A\n\n[b](docs/b.md)\n");
        Files.writeString(clone.resolve("docs/b.md"), "# B\n\nSee [c](c.md).\n");
        assertThatThrownBy(() -> new Site(clone, clone.resolve("out")).write())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("docs/b.md links to what is not there: c.md");
    }

    @Test
    void theMenuIsInItsOrderAndNamesEveryPageOnce(@TempDir Path clone) throws IOException {
        Files.createDirectories(clone.resolve("docs"));
        for (String name : List.of("gpu", "extra", "start")) {
            Files.writeString(clone.resolve("docs/" + name + ".md"), "# The " + name + "\n\nWhat *it* is.\n");
        }
        List<Site.Page> menu = new Site(clone, clone.resolve("out")).menu();
        assertThat(menu).extracting(Site.Page::title).containsExactly("The start", "The gpu", "The extra");
        assertThat(menu.get(0).summary()).isEqualTo("What it is.");
    }
}
