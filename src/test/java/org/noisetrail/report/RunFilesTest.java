package org.noisetrail.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.checkpoint.Safetensors;
import org.noisetrail.engine.Screened;
import org.noisetrail.files.PngFile;
import org.noisetrail.model.Condition;
import org.noisetrail.model.ImageShape;
import org.noisetrail.reward.Image;
import org.noisetrail.reward.Rewards;
import org.noisetrail.sampler.EdmSampler;
import org.noisetrail.search.ExactMixture;
import org.noisetrail.search.Guarded;
import org.noisetrail.search.ImageRequest;
import org.noisetrail.search.ImageResult;
import org.noisetrail.search.LocalSearch;
import org.noisetrail.search.Search;
import org.noisetrail.search.SearchListener;
import org.noisetrail.search.SearchResult;
import org.noisetrail.search.Trail;
import org.noisetrail.trace.Costs;
import org.noisetrail.trace.Progress;

class RunFilesTest {
    private static final SearchResult RUN = Search.builder(
                    new ExactMixture(new ImageShape(1, 4, 4), false, .2, -.4, .4))
            .sampler(EdmSampler.DEFAULT.withSteps(2))
            .build()
            .run(ImageRequest.of(0, 12));

    @TempDir
    private Path folder;

    private RunFiles files(boolean overwrite) {
        return files(false, overwrite);
    }

    private RunFiles files(boolean saveTensors, boolean overwrite) {
        return new RunFiles(
                folder,
                RUN.images().stream().map(ImageResult::request).toList(),
                RUN.trail().with(List.of()),
                saveTensors,
                overwrite);
    }

    private void write(boolean overwrite, int from, int to, boolean saveTensors) {
        try (RunFiles files = files(saveTensors, overwrite)) {
            files.onImages(RUN.images().subList(from, to));
            files.finish(new Report(Map.of(), files.finished(), true, Duration.ofSeconds(1)));
        }
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return new ArrayList<>(new TreeSet<>(all.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .toList()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "result.json",
                "result-2-of-3.json",
                "trail.json",
                "grid.png",
                "final.safetensors",
                "images/007.png",
                "images/4294967295.png"
            })
    void anythingOfAnEarlierRunIsRefusedBeforeAFileIsWritten(String name) throws IOException {
        Files.createDirectories(folder.resolve("images"));
        Files.writeString(folder.resolve(name), "old");
        assertThatThrownBy(() -> files(false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(folder + " holds an earlier run's " + name + ": give another --out, or --overwrite");
        assertThat(names()).containsExactly(name);
        assertThat(folder.resolve(name)).hasContent("old");
    }

    @Test
    void aDisplayIsToldAllThatASearchTells() {
        List<String> told = new ArrayList<>();
        SearchListener display = new SearchListener() {
            @Override
            public void onStart(List<ImageRequest> images) {
                told.add("start " + images.size());
            }

            @Override
            public void onProgress(Progress progress) {
                told.add("progress");
            }

            @Override
            public void onStep(int step, List<ImageRequest> images, double[] rewards) {
                told.add("step " + step);
            }

            @Override
            public void onImages(List<ImageResult> images) {
                told.add("images " + images.size() + " of " + names(folder.resolve("images")));
            }
        };
        Search.Builder search = Search.builder(new ExactMixture(new ImageShape(1, 4, 4), false, .2, -.4, .4))
                .sampler(EdmSampler.DEFAULT.withSteps(3))
                .method(LocalSearch.builder().rounds(1).build())
                .reward(Rewards.brightness());
        List<ImageRequest> images = ImageRequest.of(0, 2);
        try (RunFiles files = new RunFiles(folder, images, search.build().trail(List.of()), false, false)) {
            search.listener(files.also(display)).build().run(images);
        }
        assertThat(told).startsWith("start 2").contains("progress", "step 1").endsWith("images 2 of 2");
    }

    private static int names(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return (int) all.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void otherFilesAreNobodysBusiness() throws IOException {
        Files.createDirectories(folder.resolve("images"));
        Files.writeString(folder.resolve("notes.txt"), "mine");
        Files.writeString(folder.resolve("images/cat.png"), "mine");
        write(true, 0, 1, false);
        assertThat(names()).contains("notes.txt", "images/cat.png", "images/000.png");
    }

    @Test
    void nothingOfAnEarlierRunStaysBesideThisOne() throws IOException {
        write(false, 0, 12, true);
        Files.writeString(folder.resolve("result-1-of-2.json"), "of a part");
        write(true, 4, 6, false);
        assertThat(names())
                .containsExactly("grid.png", "images/004.png", "images/005.png", "result.json", "trail.json");
    }

    @Test
    void theEarlierRunStaysWholeUntilTheFirstFile() throws IOException {
        write(false, 0, 2, false);
        List<String> before = names();
        try (RunFiles files = files(true)) {
            assertThat(names()).containsAll(before);
            files.onImages(RUN.images().subList(5, 6));
        }
        // Killed here, the run leaves no result that speaks of other pictures.
        assertThat(names()).containsExactly("images/005.png");
    }

    @Test
    void aSecondRunIsRefusedAndTakesNothingOfTheFirst() throws IOException {
        try (RunFiles first = files(false)) {
            for (boolean overwrite : new boolean[] {false, true}) {
                assertThatThrownBy(() -> files(overwrite))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(folder + " is being written to by another run: ");
            }
            first.onImages(RUN.images().subList(0, 2));
        }
        assertThat(names()).containsExactly("images/000.png", "images/001.png");
        assertThatThrownBy(() -> files(false)).hasMessageContaining("holds an earlier run's images/000.png and 1 more");
        write(true, 4, 5, false);
    }

    @Test
    void whatHasAppearedSinceIsNotRemovedUnasked() throws IOException {
        try (RunFiles files = files(false)) {
            Path theirs = Files.createDirectories(folder.resolve("images")).resolve("007.png");
            Files.writeString(theirs, "theirs");
            assertThatThrownBy(() -> files.onImages(RUN.images().subList(0, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("holds an earlier run's images/007.png");
        }
        assertThat(names()).containsExactly("images/007.png");
        assertThat(folder.resolve("images/007.png")).hasContent("theirs");
    }

    @Test
    void partsAndRunsThatKeepShareAFolder() throws IOException {
        Trail trail = RUN.trail().with(List.of());
        try (RunFiles one = new RunFiles(
                        folder, new RunFiles.Run(requests(0, 6), trail, "a", "-1-of-2"), RunFiles.Earlier.KEEP, false);
                RunFiles other = new RunFiles(
                        folder,
                        new RunFiles.Run(requests(6, 12), trail, "a", "-2-of-2"),
                        RunFiles.Earlier.REMOVE,
                        false);
                RunFiles whole = new RunFiles(
                        folder, new RunFiles.Run(requests(0, 12), trail, "a", ""), RunFiles.Earlier.KEEP, false)) {
            one.onImages(RUN.images().subList(0, 1));
            other.onImages(RUN.images().subList(6, 7));
            whole.onImages(RUN.images().subList(11, 12));
        }
        assertThat(names()).containsExactly("images/000.png", "images/006.png", "images/011.png");
    }

    @ParameterizedTest
    @EnumSource(RunFiles.Earlier.class)
    void whatIsInTheWayIsToldBeforeARunIsPaidFor(RunFiles.Earlier earlier) throws IOException {
        RunFiles.Run run = new RunFiles.Run(requests(0, 2), RUN.trail().with(List.of()), "a", "");
        for (String name : List.of("result.json", "grid.png", "images/001.png")) {
            Path out = folder.resolve(name.replace('/', '-'));
            Files.createDirectories(out.resolve(name).resolve("mine"));
            assertThatThrownBy(() -> new RunFiles(out, run, earlier, false))
                    .hasMessageContaining(
                            earlier == RunFiles.Earlier.REFUSE
                                    ? "holds an earlier run's " + name
                                    : "cannot write " + out.resolve(name) + ": " + out.resolve(name) + " is a folder");
            assertThat(out.resolve(name).resolve("mine")).exists();
        }
        for (boolean link : new boolean[] {false, true}) {
            Path images =
                    Files.createDirectories(folder.resolve("images" + link)).resolve("images");
            if (link) {
                Files.createSymbolicLink(images, folder);
            } else {
                Files.writeString(images, "mine");
            }
            assertThatThrownBy(() -> new RunFiles(images.getParent(), run, earlier, false))
                    .hasMessage("cannot write " + images.resolve("000.png") + ": " + images + " is a "
                            + (link ? "link" : "file"));
        }
        assertThat(names()).as("a claim").noneMatch(name -> name.endsWith(".tmp"));
    }

    @Test
    void aLinkOfAnEarlierNameIsRefusedAndNeverFollowed(@TempDir Path elsewhere) throws IOException {
        Path mine = Files.writeString(elsewhere.resolve("mine"), "mine");
        Files.createSymbolicLink(folder.resolve("result.json"), mine);
        assertThatThrownBy(() -> files(false)).hasMessageContaining("holds an earlier run's result.json");
        write(true, 0, 1, false);
        assertThat(mine).hasContent("mine");
        assertThat(Files.isSymbolicLink(folder.resolve("result.json"))).isFalse();
    }

    @Test
    void finalTensorsAreThoseOfTheImagesInTheirOrder() {
        RunFiles files = files(true, false);
        try (files) {
            files.onImages(RUN.images().subList(4, 12));
            files.onImages(RUN.images().subList(0, 4));
            files.finish(new Report(Map.of(), files.finished(), true, Duration.ofSeconds(1)));
        }
        Safetensors tensors = Safetensors.open(folder.resolve("final.safetensors"));
        assertThat(tensors.entry("x").shape()).containsExactly(12L, 1L, 4L, 4L);
        assertThat(tensors.entry("pixels").shape()).containsExactly(12L, 1L, 4L, 4L);
        float[] x = tensors.floats("x");
        byte[] pixels = tensors.bytes("pixels");
        for (int i = 0; i < 12; i++) {
            ImageResult image = RUN.images().get(i);
            assertThat(Arrays.copyOfRange(x, i * 16, (i + 1) * 16)).isEqualTo(image.state());
            assertThat(Arrays.copyOfRange(pixels, i * 16, (i + 1) * 16))
                    .isEqualTo(image.pixels().pixels());
        }
    }

    @Test
    void temporaryFilesGoWithARunThatFails() throws IOException {
        try (RunFiles files = files(true, false)) {
            files.onImages(RUN.images().subList(0, 1));
            assertThat(names()).anyMatch(name -> name.endsWith(".tmp"));
        }
        assertThat(names()).containsExactly("images/000.png");
    }

    @Test
    void aPromptInAnyScriptComesBackFromItsPicture() {
        Trail run = RUN.trail().with(List.of());
        ImageResult first = RUN.images().get(0);
        Condition prompt = new Condition.Prompt("ein \"Café\" 日本 \ud83c\udf89", "ü");
        ImageResult asked = like(new ImageRequest(3, prompt), null);
        try (RunFiles files = new RunFiles(folder, List.of(asked.request()), run, false, false)) {
            files.onImages(List.of(asked));
        }
        assertThat(TrailFiles.read(folder.resolve("images/003.png"))
                        .images()
                        .get(0)
                        .request()
                        .condition())
                .isEqualTo(prompt);
    }

    private static List<ImageRequest> requests(int from, int to) {
        return RUN.images().subList(from, to).stream().map(ImageResult::request).toList();
    }

    /** Draws what is not there of some images, and says how many those were. */
    private int draw(String to, int from, int until, String part, RunFiles.Earlier earlier, String settings) {
        Trail trail = RUN.trail().with(List.of());
        RunFiles.Run run = new RunFiles.Run(requests(from, until), trail, settings, part);
        try (RunFiles files = new RunFiles(folder.resolve(to), run, earlier, false)) {
            List<ImageRequest> missing = files.missing();
            files.onImages(RUN.images().stream()
                    .filter(image -> missing.contains(image.request()))
                    .toList());
            files.finish(new Report(Map.of(), files.finished(), true, Duration.ofSeconds(1)));
            return missing.size();
        }
    }

    @Test
    void aRunThatKeepsImagesAndItsPartsBearEachOtherAndNobodyElse() {
        RunFiles.Run whole = new RunFiles.Run(requests(0, 2), RUN.trail().with(List.of()), "a", "");
        RunFiles.Run part = new RunFiles.Run(requests(0, 1), RUN.trail().with(List.of()), "a", "-1-of-2");
        try (RunFiles one = new RunFiles(folder, whole, RunFiles.Earlier.KEEP, false);
                RunFiles other = new RunFiles(folder, part, RunFiles.Earlier.KEEP, false)) {
            for (RunFiles.Earlier earlier : List.of(RunFiles.Earlier.REMOVE, RunFiles.Earlier.REFUSE)) {
                assertThatThrownBy(() -> new RunFiles(folder, whole, earlier, false))
                        .hasMessageContaining(folder + " is being written to by another run: ");
            }
        }
        new RunFiles(folder, whole, RunFiles.Earlier.REMOVE, false).close();
    }

    private void equalFolders(String one, String other, List<String> names) throws IOException {
        for (String name : names) {
            assertThat(folder.resolve(other).resolve(name))
                    .as(name)
                    .hasSameBinaryContentAs(folder.resolve(one).resolve(name));
        }
    }

    private static List<String> all() {
        List<String> names = new ArrayList<>(List.of("grid.png", "trail.json", "result.json"));
        requests(0, 12).forEach(request -> names.add(Finished.file(request)));
        return names;
    }

    @Test
    void partsAndWhatIsMadeOfThemEqualARunInOneGo() throws IOException {
        assertThat(draw("one", 0, 12, "", RunFiles.Earlier.REFUSE, "a")).isEqualTo(12);
        assertThat(draw("parts", 8, 12, "-2-of-2", RunFiles.Earlier.KEEP, "a")).isEqualTo(4);
        assertThat(draw("parts", 0, 8, "-1-of-2", RunFiles.Earlier.KEEP, "a")).isEqualTo(8);
        assertThat(folder.resolve("parts/result.json")).doesNotExist();
        assertThat(draw("parts", 0, 12, "", RunFiles.Earlier.KEEP, "a")).isZero();
        equalFolders("one", "parts", all());
        assertThat(folder.resolve("parts/result-1-of-2.json")).exists();
    }

    @Test
    void whatAGuardSawComesBackFromThePicture() {
        ImageResult first = RUN.images().get(0);
        for (int endedAt : new int[] {-1, 5}) {
            Guarded guarded = new Guarded(endedAt, List.of(new Guarded.Seen(2, -.25), new Guarded.Seen(5, Double.NaN)));
            Costs costs = new Costs(11, 7, 5, 4, 3, 2);
            ImageResult image = new ImageResult(
                    first.request(),
                    first.pixels(),
                    first.state(),
                    first.stateShape(),
                    first.reward(),
                    first.heldOut(),
                    costs,
                    first.pivotNorm(),
                    first.nanScores(),
                    first.finite(),
                    first.recipe(),
                    null,
                    guarded);
            RunFiles.Run run = new RunFiles.Run(requests(0, 1), RUN.trail().with(List.of()), "settings", "");
            Path out = folder.resolve("ended" + endedAt);
            try (RunFiles files = new RunFiles(out, run, RunFiles.Earlier.KEEP, false)) {
                files.onImages(List.of(image));
            }
            try (RunFiles files = new RunFiles(out, run, RunFiles.Earlier.KEEP, false)) {
                Finished kept = files.finished().get(0);
                assertThat(kept.guarded()).isEqualTo(guarded);
                assertThat(kept.costs()).isEqualTo(costs);
            }
        }
    }

    private static ImageResult screened(Screened screened) {
        return like(RUN.images().get(0).request(), screened);
    }

    private static ImageResult like(ImageRequest request, @Nullable Screened screened) {
        ImageResult first = RUN.images().get(0);
        return new ImageResult(
                request,
                first.pixels(),
                first.state(),
                first.stateShape(),
                first.reward(),
                first.heldOut(),
                first.costs(),
                first.pivotNorm(),
                first.nanScores(),
                first.finite(),
                first.recipe(),
                screened,
                null);
    }

    /** Sums are kept as means, so that their last bits are not; a run that goes on must tell of all as one in one go does. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void whatAScreenDidComesBackFromThePicture(int audits) {
        double[] losses = {.25, 0, .0625, .125, .5};
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < audits; i++) {
            sum += losses[i];
            squares += losses[i] * losses[i];
        }
        Screened screened = new Screened(7, 53, 19, 3, 41, 29, 31, .35, audits, sum, squares);
        RunFiles.Run run = new RunFiles.Run(requests(0, 1), RUN.trail().with(List.of()), "settings", "");
        try (RunFiles files = new RunFiles(folder, run, RunFiles.Earlier.KEEP, false)) {
            files.onImages(List.of(screened(screened)));
        }
        try (RunFiles files = new RunFiles(folder, run, RunFiles.Earlier.KEEP, false)) {
            Screened kept = files.finished().get(0).screened();
            assertThat(kept.expectedLoss()).isCloseTo(.35, within(1e-12));
            assertThat(kept.auditLoss()).isCloseTo(sum, within(1e-12));
            assertThat(kept.auditSquares()).isCloseTo(squares, within(1e-12));
            assertThat(kept)
                    .isEqualTo(new Screened(
                            7,
                            53,
                            19,
                            3,
                            41,
                            29,
                            31,
                            kept.expectedLoss(),
                            audits,
                            kept.auditLoss(),
                            kept.auditSquares()));
        }
    }

    @Test
    void aRunsResultTellsOfAllItsScreens() {
        Screened one = new Screened(1000, 16_000, 5000, 3, 7, 1111, 2222, 25, 0, 0, 0);
        Screened other = new Screened(600, 9600, 4000, 4, 5, 8889, 7778, 23, 5, .25, .0225);
        List<Finished> images = Stream.of(one, other)
                .map(RunFilesTest::screened)
                .map(Finished::of)
                .toList();
        Report report = new Report(Map.of("verifyLoss", "5%"), images, true, Duration.ofSeconds(1));
        assertThat(report.table())
                .endsWith(
                        "screened 25,600 candidates in 1,600 rounds, verified 9,000; saved 10,000 NFE, 10,000 decodes,"
                                + " 16,600 rewards, for 25,600 screens\n"
                                + "loss a round: measured 0.0500 +- 0.022 on 5 audited, expected 0.0300, bound 5%\n");
    }

    @Test
    void whatIsMissingOrDamagedIsDrawnAgainAndNothingElse() throws IOException {
        draw("one", 0, 12, "", RunFiles.Earlier.REFUSE, "a");
        draw("two", 0, 12, "", RunFiles.Earlier.REFUSE, "a");
        Files.delete(folder.resolve("two/images/003.png"));
        byte[] half = Arrays.copyOf(Files.readAllBytes(folder.resolve("two/images/005.png")), 90);
        Files.write(folder.resolve("two/images/005.png"), half);
        assertThat(draw("two", 0, 12, "", RunFiles.Earlier.KEEP, "a")).isEqualTo(2);
        equalFolders("one", "two", all());
    }

    private void say(Path picture, String keyword, String from, String to) throws IOException {
        Map<String, String> texts = new LinkedHashMap<>();
        PngFile.texts(picture).forEach(text -> texts.put(text.keyword(), text.value()));
        texts.compute(keyword, (key, text) -> text.replaceFirst(from, to));
        Files.write(picture, Png.encode(ImageIO.read(picture.toFile()), texts));
    }

    /** As an optimiser of pictures might: the texts stay. */
    private static void repaint(Path picture, int type) throws IOException {
        BufferedImage before = ImageIO.read(picture.toFile());
        BufferedImage after = new BufferedImage(before.getWidth(), before.getHeight(), type);
        after.createGraphics().drawImage(before, 0, 0, null);
        Map<String, String> texts = new LinkedHashMap<>();
        PngFile.texts(picture).forEach(text -> texts.put(text.keyword(), text.value()));
        Files.write(picture, Png.encode(after, texts));
    }

    @Test
    void aPictureThatSaysTooLittleIsDrawnAgainAndKeepsNoOtherFromIt() throws IOException {
        draw("one", 0, 12, "", RunFiles.Earlier.REFUSE, "a");
        draw("two", 0, 12, "", RunFiles.Earlier.REFUSE, "a");
        say(folder.resolve("two/images/001.png"), "Result", "\"ledger\"", "\"leger\"");
        say(folder.resolve("two/images/002.png"), "Result", "\"finite\":true", "\"finite\":7");
        say(folder.resolve("two/images/003.png"), "Trail", "\"images\":.*", "\"images\":[]}");
        // What would end the run when all is drawn: pixels that cannot be pasted, and a trail of other steps.
        repaint(folder.resolve("two/images/005.png"), BufferedImage.TYPE_BYTE_INDEXED);
        repaint(folder.resolve("two/images/006.png"), BufferedImage.TYPE_4BYTE_ABGR);
        say(folder.resolve("two/images/007.png"), "Trail", "\"steps\":2", "\"steps\":3");
        say(folder.resolve("two/images/007.png"), "Trail", "\"moves\":\\[", "\"moves\":[\"\",");
        assertThat(draw("two", 0, 12, "", RunFiles.Earlier.KEEP, "a")).isEqualTo(6);
        equalFolders("one", "two", all());
        say(folder.resolve("two/images/004.png"), "Result", "\"settings\":\"a\"", "\"settings\":\"b\"");
        assertThatThrownBy(() -> draw("two", 0, 12, "", RunFiles.Earlier.KEEP, "a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("004.png was drawn with other settings");
    }

    @Test
    void imagesOfOtherSettingsOrOfNoneAreNeitherTakenNorLost() throws IOException {
        draw("out", 0, 12, "", RunFiles.Earlier.REFUSE, "a");
        byte[] before = Files.readAllBytes(folder.resolve("out/images/000.png"));
        assertThatThrownBy(() -> draw("out", 0, 12, "", RunFiles.Earlier.KEEP, "b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("000.png was drawn with other settings");
        assertThat(folder.resolve("out/images/000.png")).hasBinaryContent(before);
        draw("out", 0, 12, "", RunFiles.Earlier.REMOVE, null);
        assertThatThrownBy(() -> draw("out", 0, 12, "", RunFiles.Earlier.KEEP, "a"))
                .hasMessageContaining("000.png was drawn with other settings");
    }

    @Test
    void aPartRemovesItsOwnFilesOnly() throws IOException {
        draw("out", 0, 6, "-1-of-2", RunFiles.Earlier.KEEP, "a");
        draw("out", 6, 12, "-2-of-2", RunFiles.Earlier.KEEP, "a");
        assertThat(draw("out", 0, 6, "-1-of-2", RunFiles.Earlier.REMOVE, "b")).isEqualTo(6);
        assertThat(draw("out", 6, 12, "-2-of-2", RunFiles.Earlier.KEEP, "a")).isZero();
    }

    /** A program: 60 images of 3x512x512, 236 MB with their states. */
    static final class Large {
        private static final int IMAGES = 60;

        public static void main(String[] args) {
            ImageResult small = RUN.images().get(0);
            ImageShape shape = new ImageShape(3, 512, 512);
            List<ImageRequest> requests = ImageRequest.of(0, IMAGES);
            try (RunFiles files =
                    new RunFiles(Path.of(args[0]), requests, RUN.trail().with(List.of()), true, false)) {
                for (ImageRequest request : requests) {
                    files.onImages(List.of(new ImageResult(
                            request,
                            new Image(shape, new byte[shape.elements()], request.condition()),
                            new float[shape.elements()],
                            shape,
                            0,
                            small.heldOut(),
                            small.costs(),
                            1,
                            0,
                            true,
                            small.recipe(),
                            null,
                            null)));
                }
                files.finish(new Report(Map.of(), files.finished(), true, Duration.ofSeconds(1)));
            }
        }
    }

    @Test
    @Timeout(300)
    void imagesThatAreWrittenLeaveMemory() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-Djava.awt.headless=true",
                        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Large.class.getName(),
                        folder.resolve("out").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        assertThat(process.waitFor())
                .as(Files.readString(folder.resolve("log")))
                .isZero();
        Safetensors tensors = Safetensors.open(folder.resolve("out/final.safetensors"));
        assertThat(tensors.entry("x").shape()).containsExactly(60L, 3L, 512L, 512L);
        Image grid = Png.read(folder.resolve("out/grid.png"));
        assertThat((long) grid.shape().width() * grid.shape().height()).isBetween(1L << 23, (1L << 24) + (1L << 19));
    }
}
