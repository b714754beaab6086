package org.noisetrail.checkpoint;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.noisetrail.NoisetrailException;
import org.noisetrail.files.Excerpt;
import org.noisetrail.torch.Torch;

/** A checkpoint's tensors, from one file or several. */
public final class FileWeights implements Weights {
    /**
     * Where a tensor lies.
     *
     * @param name in the file
     * @param squeezed whether [n, m, 1, 1], a convolution of single pixels, is meant as the matrix [n, m]
     */
    record Place(Safetensors file, String name, boolean squeezed) {
        Safetensors.Entry entry() {
            return file.entry(name);
        }

        /** @param asked the network's name for it */
        String describe(String asked) {
            String renamed = asked.equals(name) ? "" : " (here \"" + Excerpt.of(name) + "\")";
            return file.file() + ": tensor \"" + Excerpt.of(asked) + "\"" + renamed;
        }

        List<Long> shape() {
            List<Long> shape = entry().shape();
            boolean pixel = shape.size() == 4 && shape.get(2) == 1 && shape.get(3) == 1;
            return squeezed && pixel ? shape.subList(0, 2) : shape;
        }
    }

    private final String source;
    private final Map<String, Place> places;
    private final Storage storage;
    private final Set<String> unused;

    /** All tensors of a file under their own names, as float32. */
    public FileWeights(Safetensors file) {
        this(file.file().toString(), places(file), Storage.FLOAT32);
    }

    /**
     * @param source as messages name it
     * @param places of tensors by the names a network has for them
     */
    FileWeights(String source, Map<String, Place> places, Storage storage) {
        this.source = source;
        this.places = Collections.unmodifiableMap(places);
        this.storage = storage;
        this.unused = new LinkedHashSet<>(places.keySet());
    }

    static Map<String, Place> places(Safetensors file) {
        Map<String, Place> places = new LinkedHashMap<>();
        file.entries().keySet().forEach(name -> places.put(name, new Place(file, name, false)));
        return places;
    }

    @Override
    public boolean has(String name) {
        return places.containsKey(name);
    }

    @Override
    public Set<String> names() {
        return places.keySet();
    }

    @Override
    public Tensor get(String name, long... shape) {
        take(name, shape);
        Place place = Objects.requireNonNull(places.get(name));
        return Torch.call(() -> reshape(place, read(place), shape));
    }

    @Override
    public void take(String name, long... shape) {
        Place place = places.get(name);
        if (place == null) {
            throw new NoisetrailException(
                    source + ": missing tensor \"" + name + "\" of shape " + Arrays.toString(shape));
        }
        if (!place.shape().equals(Arrays.stream(shape).boxed().toList())) {
            throw new NoisetrailException(place.describe(name) + " must have shape " + Arrays.toString(shape) + ": "
                    + place.entry().shape());
        }
        if (!place.entry().dtype().isFloating()) {
            throw new NoisetrailException(place.describe(name) + ": dtype must be F32, F16, BF16 or F64: "
                    + place.entry().dtype());
        }
        unused.remove(name);
    }

    private Tensor read(Place place) {
        Tensor stored = place.file.tensor(place.name);
        if (storage == Storage.AS_STORED || place.entry().dtype() == Safetensors.Dtype.F32) {
            return stored;
        }
        try (stored) {
            return stored.to(ScalarType.Float);
        }
    }

    private static Tensor reshape(Place place, Tensor tensor, long[] shape) {
        if (shape.length == place.entry().shape().size()) {
            return tensor;
        }
        try (tensor) {
            return tensor.view(shape);
        }
    }

    @Override
    public void ignore(String name) {
        unused.remove(name);
    }

    /** Tensors of a type that no network's weights have, such as counts and masks, are left alone. */
    @Override
    public void requireAllUsed() {
        List<String> unknown = places.entrySet().stream()
                .filter(place -> unused.contains(place.getKey())
                        && place.getValue().entry().dtype().isFloating())
                .map(Map.Entry::getKey)
                .toList();
        if (!unknown.isEmpty()) {
            throw new NoisetrailException(source + ": unknown tensor" + (unknown.size() > 1 ? "s " : " ")
                    + Excerpt.list(unknown) + ": config.json describes a network without");
        }
    }
}
