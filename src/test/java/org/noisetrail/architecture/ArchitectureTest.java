package org.noisetrail.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URL;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.noisetrail.NoisetrailException;

class ArchitectureTest {
    private static final String HOUSE = "org.noisetrail";
    private static final String BROKEN = "org.noisetrail.architecture.broken";

    private static final JavaClasses CLASSES = new ClassFileImporter().importUrl(house());
    private static final JavaClasses BROKEN_CLASSES = new ClassFileImporter().importPackages(BROKEN);

    /** Where the product's classes lie; the tests' own lie elsewhere. */
    private static URL house() {
        return NoisetrailException.class.getProtectionDomain().getCodeSource().getLocation();
    }

    static Stream<String> rules() {
        return ImportRule.of(HOUSE).keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theHouseKeeps(String rule) {
        ImportRule.of(HOUSE).get(rule).check(CLASSES);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void aHouseBuiltWrongBreaks(String rule) {
        assertThatThrownBy(() -> ImportRule.of(BROKEN).get(rule).check(BROKEN_CLASSES))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(BROKEN);
    }

    @Test
    void theTestSeesTheWholeHouse() {
        for (String room : ImportRule.ROOMS) {
            assertThat(CLASSES.stream().filter(c -> c.getPackageName().equals(HOUSE + "." + room)))
                    .as(room)
                    .isNotEmpty();
        }
    }
}
