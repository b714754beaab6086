package org.noisetrail.site;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/**
 * Makes a site of a clone's Markdown: the pages of {@code docs/} in the menu's order, and whatever they link to. Every page keeps its place in the clone, so that
 * links between pages, to figures and to sources hold in both, and the site opens as files.
 */
public final class Site {
    /** In the order of the menu; those that are not there are left out, others of {@code docs/} come last. */
    static final List<String> MENU = List.of(
            "start",
            "which-method",
            "reward",
            "sampler",
            "method",
            "network",
            "planning",
            "calibrate",
            "screening",
            "guard",
            "compare",
            "offline",
            "models",
            "cost",
            "gpu",
            "cluster",
            "serve",
            "adapters",
            "reproducibility",
            "certificates",
            "troubleshooting",
            "kernels",
            "release");

    private static final List<Extension> EXTENSIONS =
            List.of(TablesExtension.create(), HeadingAnchorExtension.create());
    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();
    private static final HtmlRenderer RENDERER =
            HtmlRenderer.builder().extensions(EXTENSIONS).build();

    private final Path root;
    private final Path out;

    /** A page: where it lies in the clone, and what it says. */
    record Page(Path path, Node document) {
        String title() {
            for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
                if (node instanceof Heading) {
                    return text(node);
                }
            }
            return path.getFileName().toString();
        }

        /** Its first paragraph. */
        String summary() {
            for (Node node = document.getFirstChild(); node != null; node = node.getNext()) {
                if (node instanceof Paragraph) {
                    return text(node);
                }
            }
            return "";
        }

        private static String text(Node node) {
            StringBuilder words = new StringBuilder();
            node.accept(new AbstractVisitor() {
                @Override
                public void visit(Text text) {
                    words.append(text.getLiteral());
                }

                @Override
                public void visit(Code code) {
                    words.append(code.getLiteral());
                }

                @Override
                public void visit(SoftLineBreak end) {
                    words.append(' ');
                }
            });
            return words.toString();
        }
    }

    Site(Path root, Path out) {
        this.root = root.toAbsolutePath().normalize();
        this.out = out.toAbsolutePath().normalize();
    }

    /** @param args the clone, and the folder to write to */
    public static void main(String[] args) throws IOException {
        new Site(Path.of(args[0]), Path.of(args[1])).write();
    }

    /** The pages of the menu. */
    List<Page> menu() throws IOException {
        Map<String, Path> all = new LinkedHashMap<>();
        for (String name : MENU) {
            Path path = Path.of("docs", name + ".md");
            if (Files.exists(root.resolve(path))) {
                all.put(name, path);
            }
        }
        try (var files = Files.list(root.resolve("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(file -> {
                String name = file.getFileName().toString().replaceFirst("\\.md$", "");
                all.putIfAbsent(name, Path.of("docs", name + ".md"));
            });
        }
        List<Page> pages = new ArrayList<>();
        for (Path path : all.values()) {
            pages.add(page(path));
        }
        return pages;
    }

    private Page page(Path path) throws IOException {
        return new Page(path, PARSER.parse(Files.readString(root.resolve(path))));
    }

    void write() throws IOException {
        List<Page> menu = menu();
        Map<Path, Page> done = new LinkedHashMap<>();
        Deque<Page> todo = new ArrayDeque<>(menu);
        todo.add(page(Path.of("README.md")));
        while (!todo.isEmpty()) {
            Page page = todo.remove();
            if (done.putIfAbsent(page.path(), page) != null) {
                continue;
            }
            for (Path linked : linked(page)) {
                if (linked.toString().endsWith(".md")) {
                    todo.add(page(linked));
                } else {
                    copy(linked);
                }
            }
            String html = RENDERER.render(asPages(page.document()));
            write(asPage(page.path().toString()), page.title(), html, menu);
        }
        StringBuilder front = new StringBuilder(
                "<h1>Noisetrail</h1>\n<p>Searches for the noise that makes a pretrained diffusion model draw a better image, judged by any reward.</p>\n<dl>\n");
        for (Page page : menu) {
            front.append("<dt><a href=\"")
                    .append(asPage(page.path().toString()))
                    .append("\">")
                    .append(escape(page.title()))
                    .append("</a></dt><dd>")
                    .append(escape(page.summary()))
                    .append("</dd>\n");
        }
        write("index.html", "Noisetrail", front.append("</dl>\n").toString(), menu);
    }

    /** The files of the clone that a page links to or shows. */
    List<Path> linked(Page page) {
        List<Path> linked = new ArrayList<>();
        page.document().accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                add(link.getDestination());
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                add(image.getDestination());
            }

            private void add(String destination) {
                String file = destination.replaceFirst("#.*$", "");
                if (!file.isEmpty() && !file.contains(":")) {
                    Path path = page.path().resolveSibling(file).normalize();
                    if (!Files.isRegularFile(root.resolve(path))) {
                        throw new IllegalArgumentException(page.path() + " links to what is not there: " + destination);
                    }
                    linked.add(path);
                }
            }
        });
        return linked;
    }

    /** Links to pages, as the site has them. */
    private static Node asPages(Node document) {
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                if (!link.getDestination().contains(":")) {
                    link.setDestination(asPage(link.getDestination()));
                }
                visitChildren(link);
            }
        });
        return document;
    }

    private static String asPage(String link) {
        return link.replaceFirst("\\.md(?=$|#)", ".html");
    }

    private void copy(Path path) throws IOException {
        Path to = out.resolve(path);
        Files.createDirectories(to.getParent());
        Files.copy(root.resolve(path), to, StandardCopyOption.REPLACE_EXISTING);
    }

    private void write(String path, String title, String html, List<Page> menu) throws IOException {
        String up = "../".repeat(Path.of(path).getNameCount() - 1);
        StringBuilder links = new StringBuilder("<a href=\"" + up + "index.html\"><b>Noisetrail</b></a>\n");
        for (Page page : menu) {
            String target = asPage(page.path().toString());
            links.append("<a href=\"")
                    .append(up)
                    .append(target)
                    .append(target.equals(path) ? "\" aria-current=\"page\">" : "\">")
                    .append(escape(page.title()))
                    .append("</a>\n");
        }
        String whole = template()
                .replace("{title}", escape(title))
                .replace("{menu}", links)
                .replace("{content}", html);
        Path file = out.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, whole);
    }

    private static String template() {
        try (InputStream in = Site.class.getResourceAsStream("/page.html")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
