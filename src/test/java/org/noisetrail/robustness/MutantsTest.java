package org.noisetrail.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of mutants keeps up with the code; {@code src/test/attack.sh mutants} runs them. */
class MutantsTest {
    @Test
    void everyMutantHasItsPlaceAndItsTests() throws IOException {
        List<Mutant> all = Mutant.all();
        assertThat(all).hasSizeGreaterThanOrEqualTo(60).doesNotHaveDuplicates();
        for (Mutant mutant : all) {
            assertThat(mutant.source()).isNotEqualTo(Files.readString(Mutant.SOURCES.resolve(mutant.file())));
            for (String test : mutant.tests()) {
                String[] two = test.split("#");
                Path source = Path.of("src/test/java", two[0].replace('.', '/') + ".java");
                assertThat(source).content().contains(two[two.length - 1].replaceAll(".*\\.", ""));
            }
        }
    }
}
