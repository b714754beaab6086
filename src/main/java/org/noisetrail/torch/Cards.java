package org.noisetrail.torch;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.noisetrail.NoisetrailException;
import org.noisetrail.kernels.Device;
import org.noisetrail.kernels.Natives;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which cards LibTorch and the kernels can both use, and why others cannot be. */
public final class Cards {
    private static final Logger LOG = LoggerFactory.getLogger(Cards.class);

    private static final Set<Device> USABLE = ConcurrentHashMap.newKeySet();

    private static @Nullable Device best;

    private Cards() {}

    /**
     * Where networks run fastest: on the first card that can be used, where there is one, else on the CPU. Where LibTorch's GPU build is there and no card can be used, that and why is
     * logged, once.
     */
    public static synchronized Device best() {
        if (best == null) {
            // The CPU's build needs no look, and LibTorch takes seconds to load.
            best = CardFacts.isGpuBuild() ? best(CardFacts.ask(), LOG::warn) : Device.CPU;
        }
        return best;
    }

    static Device best(CardFacts facts, Consumer<String> tell) {
        List<Device> usable = facts.usable();
        if (!usable.isEmpty()) {
            return usable.get(0);
        }
        if (facts.gpuBuild()) {
            tell.accept("the CPU is used, and no card: " + facts.obstacle(0));
        }
        return Device.CPU;
    }

    /**
     * Every card that can be used.
     *
     * @throws NoisetrailException that says why, if none can be used
     */
    public static List<Device> all() {
        return all(CardFacts.ask());
    }

    static List<Device> all(CardFacts facts) {
        List<Device> usable = facts.usable();
        if (usable.isEmpty()) {
            require(new Device(0), facts);
        }
        return usable;
    }

    /** @throws NoisetrailException that says why, if LibTorch or the kernels cannot run on the device, or have no folder to be unpacked to */
    public static void require(Device device) {
        Natives.require();
        // Once found usable it is one: what it meets later it says itself.
        if (device.isCuda() && !USABLE.contains(device)) {
            require(device, CardFacts.ask());
            USABLE.add(device);
        }
    }

    private static void require(Device device, CardFacts facts) {
        String obstacle = facts.obstacle(device.ordinal());
        if (obstacle != null) {
            throw new NoisetrailException(device + " cannot be used: " + obstacle);
        }
    }

    /** Whether LibTorch's GPU build is on the class path, or that for the CPU. Loads nothing. */
    public static boolean isGpuBuild() {
        return CardFacts.isGpuBuild();
    }

    /** Why no card is used where the choice is free; null where one is. Loads LibTorch. */
    public static @Nullable String obstacle() {
        CardFacts facts = CardFacts.ask();
        return facts.usable().isEmpty() ? facts.obstacle(0) : null;
    }
}
