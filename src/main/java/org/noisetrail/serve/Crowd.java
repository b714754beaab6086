package org.noisetrail.serve;

import java.time.Duration;

/**
 * How many clients may hold a thread at once, and how long one may keep it waiting.
 *
 * @param watchers of events
 * @param strangers who have not given the token, or ask for what needs none
 * @param head from the first byte of a request to the end of its headers; they come in one packet, and until then nobody knows who asks
 * @param step for a body to come in, and for each piece of an answer to go out
 */
record Crowd(int watchers, int strangers, Duration head, Duration step) {
    static final Crowd DEFAULT = new Crowd(64, 16, Duration.ofSeconds(10), Duration.ofSeconds(30));

    /** For a stranger who is one too many to take a line that says so: it fits into what the system keeps for a client. */
    static final Duration FAREWELL = Duration.ofSeconds(1);
}
