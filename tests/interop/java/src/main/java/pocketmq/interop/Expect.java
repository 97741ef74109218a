package pocketmq.interop;

import java.util.Objects;
import java.util.concurrent.Callable;

/** Assertions that say what was looked at, what was wanted and what was there. */
final class Expect {
    private Expect() {}

    /** The claim is true; otherwise the text, which says what was seen. */
    static void that(boolean claim, String otherwise) {
        if (!claim) throw new AssertionError(otherwise);
    }

    static void same(String what, Object wanted, Object got) {
        that(Objects.equals(wanted, got), what + ": wanted " + brief(wanted) + ", got " + brief(got));
    }

    /** Numbers of any width are equal by value. */
    static void same(String what, long wanted, long got) {
        that(wanted == got, what + ": wanted " + wanted + ", got " + got);
    }

    /** Looks every 20 ms until the claim holds; on time-out says what `seen` saw last. */
    static void eventually(String what, double seconds, Callable<Boolean> claim, Callable<Object> seen) throws Exception {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (!claim.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(what + ": not within " + seconds + " s; last seen " + brief(seen.call()));
            }
            Thread.sleep(20);
        }
    }

    /** Runs the action and returns what it threw; fails when it threw nothing of that type. */
    static <T extends Throwable> T thrown(String what, Class<T> type, Callable<?> action) {
        Object answer;
        try {
            answer = action.call();
        } catch (Throwable failure) {
            if (type.isInstance(failure)) return type.cast(failure);
            throw new AssertionError(what + ": wanted " + type.getSimpleName() + ", got " + failure, failure);
        }
        throw new AssertionError(what + ": wanted " + type.getSimpleName() + ", got the answer " + brief(answer));
    }

    private static String brief(Object value) {
        String text = value instanceof String ? '"' + (String) value + '"' : String.valueOf(value);
        return text.length() > 400 ? text.substring(0, 400) + "…" : text;
    }
}
