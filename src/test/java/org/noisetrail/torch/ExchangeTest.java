package org.noisetrail.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.noisetrail.kernels.Device;

class ExchangeTest {
    /** A place, and what must be there. */
    private record Held(Exchange.Slice slice, double[] values) {}

    private static double[] onDevice(Pointer place, int count) {
        double[] values = new double[count];
        new DoublePointer(place).get(values);
        return values;
    }

    private static void write(Pointer place, double[] values) {
        new DoublePointer(place).put(values);
    }

    /** Places come and go, are put by the host and overwritten by the device, and grow past any block. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachPlaceHoldsWhatWasLastSaidOfIt(boolean early) {
        Random random = new Random(7);
        try (Exchange exchange = new Exchange(Device.CPU, early)) {
            List<Held> held = new ArrayList<>();
            for (int turn = 0; turn < 20_000; turn++) {
                int count = 1 + random.nextInt(turn % 500 == 0 ? 20_000 : 60);
                switch (random.nextInt(6)) {
                    case 0 -> {
                        double[] values = random.doubles(count).toArray();
                        held.add(new Held(exchange.put(values), values));
                    }
                    case 1 -> {
                        double[] values = random.doubles(count).toArray();
                        Exchange.Slice slice = exchange.doubles(count);
                        write(slice.target(), values);
                        held.add(new Held(slice, values));
                    }
                    case 2 -> {
                        if (!held.isEmpty()) {
                            Held one = held.get(random.nextInt(held.size()));
                            double[] values = random.doubles(one.values.length).toArray();
                            write(one.slice.target(), values);
                            System.arraycopy(values, 0, one.values, 0, values.length);
                        }
                    }
                    case 3 -> {
                        if (!held.isEmpty()) {
                            Held one = held.get(random.nextInt(held.size()));
                            assertThat(onDevice(one.slice.pointer(), one.values.length))
                                    .isEqualTo(one.values);
                        }
                    }
                    case 4 -> {
                        if (!held.isEmpty()) {
                            Held one = held.get(random.nextInt(held.size()));
                            assertThat(one.slice.readDoubles(one.values.length)).isEqualTo(one.values);
                        }
                    }
                    default -> {
                        for (int closed = random.nextInt(4); closed > 0 && !held.isEmpty(); closed--) {
                            boolean last = random.nextInt(4) > 0;
                            held.remove(last ? held.size() - 1 : random.nextInt(held.size()))
                                    .slice
                                    .close();
                        }
                    }
                }
            }
            for (Held one : held) {
                assertThat(one.slice.readDoubles(one.values.length)).isEqualTo(one.values);
                assertThat(Tensors.toDoubles(one.slice.tensor())).isEqualTo(one.values);
            }
        }
    }

    @Test
    void whatIsPutTogetherGoesOverTogetherAndWhatIsReadTogetherComesBackTogether() {
        try (Exchange exchange = new Exchange(Device.CPU)) {
            Traffic.Count before = Traffic.now();
            Exchange.Slice ints = exchange.put(new int[] {3, -4});
            Exchange.Slice longs = exchange.put(new long[] {5});
            Exchange.Slice doubles = exchange.doubles(2);
            assertThat(Traffic.now().since(before)).isEqualTo(new Traffic.Count(0, 0));
            int[] sent = new int[2];
            new IntPointer(ints.pointer()).get(sent);
            assertThat(sent).containsExactly(3, -4);
            assertThat(longs.tensor().item_long()).isEqualTo(5);
            write(doubles.target(), new double[] {.5, 7});
            assertThat(doubles.readDoubles(2)).containsExactly(.5, 7);
            assertThat(ints.readInts(2)).containsExactly(3, -4);
            assertThat(Traffic.now().since(before)).isEqualTo(new Traffic.Count(1, 1));
        }
    }

    @Test
    void whatTheDeviceMayHaveWrittenAnywhereIsFetchedAnewOfEachBlock() {
        try (Exchange exchange = new Exchange(Device.CPU)) {
            Exchange.Slice one = exchange.put(new double[] {1});
            Exchange.Slice other = exchange.put(new double[20_000]);
            List<Pointer> places = List.of(one.pointer(), other.pointer());
            assertThat(Math.abs(places.get(1).address() - places.get(0).address()))
                    .as("of two blocks")
                    .isGreaterThan(1 << 10);
            exchange.written();
            places.forEach(place -> write(place, new double[] {7}));
            assertThat(one.readDoubles(1)).containsExactly(7);
            assertThat(other.readDoubles(1)).containsExactly(7);
        }
    }

    @Test
    void whatAStepTakesLiesWhereThatOfTheStepBeforeDid() {
        try (Exchange exchange = new Exchange(Device.CPU)) {
            List<Long> addresses = new ArrayList<>();
            for (int step = 0; step < 3; step++) {
                try (Exchange.Slice first = exchange.put(new int[17]);
                        Exchange.Slice second = exchange.put(new double[step + 1])) {
                    addresses.add(second.pointer().address() - first.pointer().address());
                    addresses.add(first.pointer().address());
                }
            }
            assertThat(addresses)
                    .isEqualTo(Arrays.asList(
                            addresses.get(0),
                            addresses.get(1),
                            addresses.get(0),
                            addresses.get(1),
                            addresses.get(0),
                            addresses.get(1)));
        }
    }

    @Test
    void whatWasNotGivenBackIsClosedWithTheExchange() {
        Exchange exchange = new Exchange(Device.CPU);
        Tensor open = exchange.put(new int[] {3}).tensor();
        assertThat(open.item_int()).isEqualTo(3);
        exchange.close();
        assertThat(open.isNull()).isTrue();
    }

    @Test
    void whatWasGivenBackIsNoPlaceAnyMore() {
        try (Exchange exchange = new Exchange(Device.CPU)) {
            Exchange.Slice slice = exchange.put(new int[] {3});
            slice.close();
            assertThat(exchange.put(new int[] {4}).pointer().isNull()).isFalse();
            List<ThrowingCallable> uses = List.of(
                    slice::pointer,
                    () -> slice.pointer(4),
                    slice::address,
                    slice::target,
                    slice::tensor,
                    () -> slice.readInts(1),
                    () -> slice.readDoubles(1));
            for (ThrowingCallable use : uses) {
                assertThatThrownBy(use)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("the place is closed");
            }
        }
    }

    /** A card may not have copied it yet. */
    @Test
    void whatWasSentEarlyIsNotOverwrittenBeforeTheDeviceWasWaitedFor() {
        try (Exchange exchange = new Exchange(Device.CPU, true)) {
            long first = sent(exchange);
            long second = sent(exchange);
            assertThat(second).isNotEqualTo(first);
            try (Exchange.Slice answer = exchange.doubles(1)) {
                answer.target();
                answer.readDoubles(1);
            }
            assertThat(sent(exchange)).isEqualTo(first);
        }
    }

    private static long sent(Exchange exchange) {
        try (Exchange.Slice slice = exchange.put(new int[] {1})) {
            return slice.pointer().address();
        }
    }
}
