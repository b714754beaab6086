package org.noisetrail.model;

import org.noisetrail.NoisetrailException;

/** A model has no part of this name: no classifier, no CLIP model beside it. */
public final class MissingPartException extends NoisetrailException {
    private static final long serialVersionUID = 1L;

    /** @param message which part, of which model */
    public MissingPartException(String message) {
        super(message);
    }
}
