package org.noisetrail.cli;

import java.util.List;
import org.noisetrail.kernels.Device;
import org.noisetrail.torch.Cards;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A device as options name it. Which one is meant, and whether it is there, is looked up when it is asked for: that may load LibTorch. */
record DeviceName(String word) {
    /** A card where one can be used, else the CPU. */
    static final String AUTO = "auto";

    private static final String ALL = "all";

    /** What {@link #AUTO} and others stand for here. */
    Device device() {
        return isAuto() ? Cards.best() : Device.parse(word);
    }

    boolean isAuto() {
        return word.equals(AUTO);
    }

    /** What a list means: of {@code all}, or {@code cuda} alone, every card. */
    static List<Device> devices(List<DeviceName> names) {
        String only = names.size() == 1 ? names.get(0).word : "";
        if (only.equals(ALL) || only.equals("cuda")) {
            return Cards.all();
        }
        if (names.contains(new DeviceName(ALL))) {
            throw new IllegalArgumentException("--devices all means every card: it must stand alone");
        }
        return names.stream().map(DeviceName::device).toList();
    }

    private static DeviceName parse(String word, String other) {
        try {
            if (!word.equals(other)) {
                Device.parse(word);
            }
            return new DeviceName(word);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("device must be " + other + ", cpu, cuda or cuda:N: " + word);
        }
    }

    /** For {@code --device}. */
    static final class One implements ITypeConverter<DeviceName> {
        @Override
        public DeviceName convert(String word) {
            return parse(word, AUTO);
        }
    }

    /** For each of {@code --devices}. */
    static final class OfSeveral implements ITypeConverter<DeviceName> {
        @Override
        public DeviceName convert(String word) {
            return parse(word, ALL);
        }
    }
}
