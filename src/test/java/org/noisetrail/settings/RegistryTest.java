package org.noisetrail.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings declared once give the text, the JSON, the table's words and the errors. */
class RegistryTest {
    private interface Animal {
        String name();
    }

    private enum Coat {
        SHORT,
        LONG;

        static Coat parse(String text) {
            for (Coat coat : values()) {
                if (coat.toString().equals(text)) {
                    return coat;
                }
            }
            throw new IllegalArgumentException("coat must be short or long: " + text);
        }

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    private record Cat(int lives, double weight, boolean houseTrained, Coat coat, String toy) implements Animal {
        @Override
        public String name() {
            return "cat";
        }
    }

    private record Fish() implements Animal {
        @Override
        public String name() {
            return "fish";
        }
    }

    private static final Setting<Integer> LIVES = Setting.integer("lives", "L", 9, 1, 9, "How many.");
    private static final Setting<Double> WEIGHT =
            Setting.number("weight", "", 4, 0, Double.POSITIVE_INFINITY, "In kilograms.");
    private static final Setting<Boolean> TRAINED = Setting.flag("house-trained", "Whether it is.");
    private static final Setting<Coat> COAT = Setting.of("coat", Coat.SHORT, Coat::parse)
            .label("WORD")
            .help("Its fur.")
            .build();
    private static final Setting<String> TOY =
            Setting.of("best-toy-of-all", "none", text -> text).build();

    private final Kind<Animal> cat = Kind.<Animal, Cat>of("cat", Cat.class, "Purrs.")
            .with(LIVES, Cat::lives)
            .with(WEIGHT, Cat::weight)
            .with(TRAINED, Cat::houseTrained)
            .with(COAT, Cat::coat)
            .with(TOY, Cat::toy)
            .make(v -> new Cat(v.get(LIVES), v.get(WEIGHT), v.get(TRAINED), v.get(COAT), v.get(TOY)));
    private final Kind<Animal> fish =
            Kind.<Animal, Fish>of("fish", Fish.class, "Swims.").make(values -> new Fish());
    private Registry<Animal> animals;

    private static final Cat PLAIN = new Cat(9, 4, false, Coat.SHORT, "none");

    @BeforeEach
    void make() {
        animals = new Registry<>("animal", Animal::name, List.of(cat, fish));
    }

    private static void refused(String message, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void aNameAloneHasItsFallbacks() {
        assertThat(animals.parse("cat")).isEqualTo(PLAIN);
        assertThat(animals.parse(" fish ")).isEqualTo(new Fish());
        assertThat(cat.make(Values.NONE)).isEqualTo(PLAIN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cat",
                "fish",
                "cat:lives=1",
                "cat:weight=0.5",
                "cat:weight=Infinity",
                "cat:weight=1.0E-7",
                "cat:house-trained",
                "cat:coat=long",
                "cat:lives=3:weight=5.25:house-trained:coat=long:best-toy-of-all=a ball",
                "cat:best-toy-of-all=3:4.5:.1",
                "cat:best-toy-of-all=a=b"
            })
    void theTextOfAThingMakesItAgain(String text) {
        assertThat(animals.text(animals.parse(text))).isEqualTo(text);
    }

    @Test
    void theShortestTextLeavesOutWhatIsAsItWouldBeAnyway() {
        assertThat(animals.text(animals.parse("cat:coat=short:lives=9:house-trained=false:weight=4.0")))
                .isEqualTo("cat");
        assertThat(animals.parse("cat:house-trained=true:weight=inf"))
                .isEqualTo(new Cat(9, Double.POSITIVE_INFINITY, true, Coat.SHORT, "none"));
    }

    @Test
    void sharedTextsHoldWhereTheTextSaysNothingAndTheKindHasSuchASetting() {
        Map<String, String> shared = Map.of("lives", "2", "coat", "long", "wings", "2");
        assertThat(animals.parse("cat:lives=5", shared)).isEqualTo(new Cat(5, 4, false, Coat.LONG, "none"));
        assertThat(animals.parse("fish", shared)).isEqualTo(new Fish());
    }

    @Test
    void aThingIsChangedByWhatIsSaid() {
        Animal old = animals.parse("cat:lives=5:coat=long:weight=Infinity");
        assertThat(cat.make(old, Map.of("lives", "6"))).isEqualTo(animals.parse("cat:lives=6:coat=long:weight=inf"));
        assertThat(cat.make(old, Map.of())).isEqualTo(old);
    }

    @Test
    void jsonHasEverySettingByItsFieldAndMakesTheThingAgain() {
        Animal thing = animals.parse("cat:lives=3:weight=inf:house-trained:coat=long");
        Map<String, Object> json = animals.json(thing);
        assertThat(json)
                .containsExactly(
                        Map.entry("name", "cat"),
                        Map.entry("lives", 3),
                        Map.entry("weight", "Infinity"),
                        Map.entry("houseTrained", true),
                        Map.entry("coat", "long"),
                        Map.entry("bestToyOfAll", "none"));
        Map<String, String> texts = new LinkedHashMap<>();
        json.forEach((key, value) -> texts.put(key, value.toString()));
        texts.remove("name");
        assertThat(cat.make(texts)).isEqualTo(thing);
        assertThat(animals.json(PLAIN)).containsEntry("weight", 4.0);
        Setting<Double> any = Setting.number("any", "", 0, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, "");
        assertThat(any.json(Double.NEGATIVE_INFINITY)).isEqualTo("-Infinity");
        assertThat(any.parse("-Infinity")).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(any.parse("-inf")).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(animals.json(new Fish())).containsExactly(Map.entry("name", "fish"));
    }

    @Test
    void wordsSayWhatATablesCellNeeds() {
        assertThat(animals.words(PLAIN)).isEqualTo("L 9");
        assertThat(animals.words(animals.parse("cat:lives=3:weight=5.50:house-trained:coat=long")))
                .isEqualTo("L 3, weight 5.5, house trained, coat long");
        assertThat(animals.words(new Fish())).isEmpty();
    }

    @Test
    void whatIsUnknownIsAnsweredWithWhatIsKnown() {
        refused("animal must be one of cat, fish: dog", () -> animals.parse("dog"));
        refused("animal must be one of cat, fish: ", () -> animals.parse(""));
        refused(
                "cat has no setting \"fins\"; it has: lives, weight, house-trained, coat, best-toy-of-all",
                () -> animals.parse("cat:fins=2"));
        refused("fish has no setting \"fins\"; it has: none", () -> animals.parse("fish:fins"));
        refused("fish has no setting \"\"; it has: none", () -> animals.parse("fish:"));
        refused(
                "animal must be one of cat: fish",
                () -> new Registry<>("animal", Animal::name, List.of(cat)).text(new Fish()));
        refused("there is a animal cat already", () -> animals.add(cat));
        refused("lives must be said once: cat:lives=5:lives=6", () -> animals.parse("cat:lives=5:lives=6"));
        refused("lives must be said once: cat:lives:lives=6", () -> Registry.asked("cat:lives:lives=6"));
    }

    @ParameterizedTest
    @CsvSource({
        "lives=0, lives must be >= 1: 0",
        "lives=10, lives must be <= 9: 10",
        "lives=2.5, lives must be a number: 2.5",
        "lives, lives must be a number: ",
        "lives=99999999999, lives must be a number: 99999999999",
        "weight=-0.5, weight must be >= 0: -0.5",
        "weight=NaN, weight must be >= 0: NaN",
        "weight=heavy, weight must be a number: heavy",
        "coat=wet, coat must be short or long: wet",
        "house-trained=perhaps, house-trained must be true or false: perhaps"
    })
    void aValueThatIsNoneIsNamedWithItsSetting(String text, String message) {
        assertThatThrownBy(() -> animals.parse("cat:" + text))
                .isInstanceOf(IllegalArgumentException.class)
                .extracting(Throwable::getMessage)
                .satisfies(said -> assertThat(said.strip()).isEqualTo(message.strip()));
    }

    @Test
    void valuesAreCheckedWhereTheyArePut() {
        refused("lives must be <= 9: 12", () -> Values.builder().put(LIVES, 12));
        assertThat(Values.builder().put(LIVES, 2).build().get(LIVES)).isEqualTo(2);
        assertThat(Values.NONE.get(COAT)).isEqualTo(Coat.SHORT);
        assertThatThrownBy(() -> LIVES.checked(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("lives");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Lives", "two words", "two_words", "-x", "x-", "x--y", "1x"})
    void aSettingsNameIsWordsJoinedByDashes(String name) {
        refused("a setting's name must be words joined by dashes: " + name, () -> Setting.flag(name, ""));
    }

    @Test
    void aKindIsAddedOnceAndFoundByItsName() {
        Registry<Animal> few = new Registry<>("animal", Animal::name, List.of(cat));
        few.add(fish);
        assertThat(few.names()).isEqualTo("cat, fish");
        assertThat(few.kinds()).containsExactly(cat, fish);
        assertThat(few.find("fish")).containsSame(fish);
        assertThat(few.find("dog")).isEmpty();
        assertThat(few.kindOf(PLAIN)).isSameAs(cat);
        assertThatThrownBy(() -> few.kinds().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(cat.setting("coat")).containsSame(COAT);
        assertThat(COAT.label() + COAT.help()).isEqualTo("WORDIts fur.");
    }

    @ParameterizedTest
    @CsvSource({
        "4, 4",
        "0.5, 0.5",
        "100, 100",
        "1e-6, 0.000001",
        "9.9e-7, 9.9E-7",
        "1e15, 1.0E15",
        "123456789.25, 123456789.25",
        "-0.10, -0.1",
        "0, 0",
        "Infinity, Infinity"
    })
    void numbersAreSaidAsPeopleWriteThem(double value, String text) {
        assertThat(Setting.plain(value)).isEqualTo(text);
        assertThat(Double.valueOf(Setting.plain(value))).isEqualTo(value);
    }

    @Test
    void ofManyWhoAddAKindAtOnceOneDoes() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            Registry<Animal> few = new Registry<>("animal", Animal::name, List.of());
            AtomicInteger added = new AtomicInteger();
            List<Thread> threads = Stream.generate(() -> new Thread(() -> {
                        try {
                            few.add(cat);
                            added.incrementAndGet();
                        } catch (IllegalArgumentException e) {
                            // Another was first.
                        }
                    }))
                    .limit(4)
                    .toList();
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(few.kinds()).containsExactly(cat);
            assertThat(added).hasValue(1);
        }
    }

    @Test
    void namesAreOfThoseThatHoldWithAllSettingsAtTheirFallbacks() {
        animals.add(Kind.<Animal, Fish>of("ghost", Fish.class, "Is not.").make(values -> {
            throw new IllegalArgumentException("a ghost needs a house");
        }));
        assertThat(animals.names(animal -> true)).containsExactly("cat", "fish");
        assertThat(animals.names(animal -> animal instanceof Cat one && one.lives() == 9))
                .containsExactly("cat");
    }
}
