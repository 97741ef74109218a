package pocketmq.interop;

import org.apache.rocketmq.tools.command.MQAdminStartup;

/** An mqadmin command that goes on until it is ended, and whose client's log tells what it does. */
public final class Forever {
    private Forever() {}

    public static void main(String[] command) {
        System.setProperty("rocketmq.client.logLevel", "INFO");
        MQAdminStartup.main(command);
    }
}
