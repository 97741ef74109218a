package pocketmq.interop;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs mqadmin commands one after another in one process, since most of a command's time is its start. A line of
 * stdin is a command, its words parted by tabs; what the command prints on stdout goes to stdout, then a line with
 * ERRORS alone, what it printed on stderr, and a line with END alone. Ends with its stdin.
 */
public final class Admin {
    private static final String ERRORS = "\u0005";
    private static final String END = "\u0004";

    private Admin() {}

    public static void main(String[] none) throws Exception {
        PrintStream out = System.out;
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            ByteArrayOutputStream failed = new ByteArrayOutputStream();
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(failed, true, StandardCharsets.UTF_8));
            forgetCommands();
            MQAdminStartup.main0(command.split("\t"), null);
            System.out.flush();
            System.err.flush();
            out.write(said.toByteArray());
            out.println();
            out.println(ERRORS);
            out.write(failed.toByteArray());
            out.println();
            out.println(END);
            out.flush();
        }
        System.exit(0);
    }

    /** Some commands keep the client of their first run, which that run ended. */
    private static void forgetCommands() throws ReflectiveOperationException {
        Field commands = MQAdminStartup.class.getDeclaredField("subCommandList");
        commands.setAccessible(true);
        ((List<?>) commands.get(null)).clear();
    }
}
