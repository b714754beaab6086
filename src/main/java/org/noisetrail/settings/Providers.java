package org.noisetrail.settings;

import java.util.HashSet;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Users' own samplers, methods and rewards, wherever they are on the class path. Internal: public only because what has them are packages of their own. */
public final class Providers {
    private static final Logger LOG = LoggerFactory.getLogger(Providers.class);

    /** A class path that cannot be read fails again and again. */
    private static final int MOST_FAILED = 100;

    private Providers() {}

    /**
     * Adds each provider, those that the thread's context class loader finds and those of the service's own, which may be others; one that cannot be added, or made, is left out, and one line says so.
     *
     * @param add throws where it does not take one: its name is another's
     */
    public static <P> void each(Class<P> service, Consumer<P> add) {
        Set<String> known = new HashSet<>();
        each(service, Thread.currentThread().getContextClassLoader(), known, add);
        each(service, service.getClassLoader(), known, add);
    }

    private static <P> void each(Class<P> service, @Nullable ClassLoader loader, Set<String> known, Consumer<P> add) {
        Iterator<P> providers = ServiceLoader.load(service, loader).iterator();
        int failed = 0;
        while (failed < MOST_FAILED) {
            P provider;
            try {
                if (!providers.hasNext()) {
                    return;
                }
                provider = providers.next();
            } catch (ServiceConfigurationError e) {
                failed++;
                // It names what it could not make.
                if (known.add(String.valueOf(e.getMessage()))) {
                    LOG.warn("a provider is left out: {}", e.getMessage());
                }
                continue;
            }
            String name = provider.getClass().getName();
            if (!known.add(name)) {
                continue;
            }
            try {
                add.accept(provider);
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("{} is left out: {}", name, e.getMessage());
            }
        }
    }
}
