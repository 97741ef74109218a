package pocketmq.interop;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;

/**
 * Runs scenarios of the official client against a cluster, in the order given, in one process, and prints a
 * line of JSON for each: {"scenario":"sendSync","ok":true,"ms":41,...facts} or {"...","ok":false,"error":"..."}.
 *
 *     java pocketmq.interop.Interop NAMESRV RUN SCENARIO...
 *
 * RUN becomes part of every topic and group, so that one cluster takes many runs. Exit code 1 when one failed.
 */
public final class Interop {
    private static final int LIMIT_S = 60;

    private Interop() {}

    private static Map<String, Scenario> scenarios() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        Sending.register(all);
        Consuming.register(all);
        Groups.register(all);
        Filtering.register(all);
        FilterPulling.register(all);
        Ordering.register(all);
        Pulling.register(all);
        LitePulling.register(all);
        Querying.register(all);
        Limits.register(all);
        Soak.register(all);
        Failover.register(all);
        Steady.register(all);
        Delaying.register(all);
        Retrying.register(all);
        Transacting.register(all);
        Requesting.register(all);
        return all;
    }

    public static void main(String[] args) throws Exception {
        String namesrv = args[0];
        String run = args[1];
        List<String> wanted = Arrays.asList(args).subList(2, args.length);
        PrintStream out = System.out;
        System.setOut(System.err); // what the client prints is not ours
        Map<String, Scenario> known = scenarios();
        for (String name : wanted) {
            if (!known.containsKey(name)) throw new IllegalArgumentException("no scenario " + name + " among " + known.keySet());
        }
        DefaultMQProducer producer = Lab.startProducer(namesrv, run);
        List<String> failed = new ArrayList<>();
        for (String name : wanted) {
            Map<String, Object> line = report(name, known.get(name), new Lab(namesrv, run, name, producer));
            if (line.get("ok") != Boolean.TRUE) failed.add(name);
            out.println(RemotingSerializable.toJson(line, false));
        }
        producer.shutdown();
        System.exit(failed.isEmpty() ? 0 : 1);
    }

    private static Map<String, Object> report(String name, Scenario scenario, Lab lab) {
        Map<String, Object> facts = new LinkedHashMap<>();
        Map<String, Object> line = new LinkedHashMap<>();
        long start = System.nanoTime();
        String error = null;
        try (lab) {
            limited(() -> scenario.run(lab, facts));
        } catch (Throwable failure) {
            error = told(failure);
        }
        line.put("scenario", name);
        line.put("ok", error == null);
        if (error != null) line.put("error", error);
        line.put("ms", (System.nanoTime() - start) / 1_000_000);
        line.putAll(facts);
        return line;
    }

    private interface Work {
        void run() throws Exception;
    }

    /** A scenario that hangs is a failed one, told with the place where it stood; the next one still runs. */
    private static void limited(Work work) throws Throwable {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (Throwable failure) {
                done.completeExceptionally(failure);
            }
        }, "scenario");
        thread.setDaemon(true);
        thread.start();
        try {
            done.get(LIMIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw failure.getCause();
        } catch (TimeoutException late) {
            AssertionError error = new AssertionError("not done within " + LIMIT_S + " s");
            error.setStackTrace(thread.getStackTrace());
            thread.interrupt();
            throw error;
        }
    }

    /** The failure and the lines of ours it came through. */
    private static String told(Throwable failure) {
        StringBuilder text = new StringBuilder(failure instanceof AssertionError ? failure.getMessage() : failure.toString());
        for (StackTraceElement at : failure.getStackTrace()) {
            if (at.getClassName().startsWith("pocketmq.") && !at.getClassName().endsWith("Expect")) {
                text.append(" [").append(at.getFileName()).append(':').append(at.getLineNumber()).append(']');
            }
        }
        return text.toString();
    }
}
