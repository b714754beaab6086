package org.noisetrail.settings;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Kinds of one sort of thing, each with a name of its own, in the order in which they were added. Thread-safe. Internal: public only because what has them are packages of their own.
 *
 * @param <K> kinds
 */
public final class Named<K> {
    private final String what;
    private final Function<K, String> nameOf;
    private final List<K> all = new CopyOnWriteArrayList<>();
    private final int own;

    /**
     * @param what they are, for messages: {@code sampler}
     * @throws IllegalArgumentException if two have one name
     */
    public Named(String what, Function<K, String> nameOf, List<K> kinds) {
        this.what = what;
        this.nameOf = nameOf;
        kinds.forEach(this::add);
        own = all.size();
    }

    /** Those that were there from the start; what came later is a {@link Providers provider's}. */
    public List<K> own() {
        return all.stream().limit(own).toList();
    }

    /** @throws IllegalArgumentException if there is one of that name already */
    public synchronized void add(K kind) {
        String name = nameOf.apply(kind);
        if (find(name).isPresent()) {
            throw new IllegalArgumentException("there is a " + what + " " + name + " already");
        }
        all.add(kind);
    }

    /** All there are, in the order in which they were added. */
    public List<K> all() {
        return Collections.unmodifiableList(all);
    }

    /** The one of this name. */
    public Optional<K> find(String name) {
        return all.stream().filter(kind -> nameOf.apply(kind).equals(name)).findFirst();
    }

    /** @throws IllegalArgumentException that lists the names, if there is none of this one */
    public K get(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException(what + " must be one of " + names() + ": " + name));
    }

    /** All names, joined by commas, for messages. */
    public String names() {
        return all.stream().map(nameOf).collect(Collectors.joining(", "));
    }
}
