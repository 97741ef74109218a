package pocketmq.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;

/**
 * A push consumer that is led from outside: a number on stdin lets it handle that many messages more, each of
 * which it prints as {@code got BODY}. It pulls little ahead, so that what it reads next it has to ask for.
 * Ends with its stdin.
 *
 *     java pocketmq.interop.Reader NAMESRV GROUP TOPIC
 */
public final class Reader {
    private static final int AHEAD = 8;

    private Reader() {}

    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // what the client prints is not ours
        Semaphore permits = new Semaphore(0);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args[1]);
        consumer.setNamesrvAddr(args[0]);
        consumer.setPollNameServerInterval(1_000);
        consumer.setPersistConsumerOffsetInterval(1_000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPullThresholdForQueue(AHEAD);
        consumer.setPullBatchSize(AHEAD / 2);
        consumer.setConsumeThreadMin(1);
        consumer.setConsumeThreadMax(1);
        consumer.subscribe(args[2], "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            permits.acquireUninterruptibly(messages.size());
            messages.forEach(message -> out.println("got " + new String(message.getBody(), StandardCharsets.UTF_8)));
            out.flush();
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        out.println("ready");
        out.flush();
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            if (order.equals("end")) break;
            permits.release(Integer.parseInt(order));
        }
        consumer.shutdown();
        System.exit(0);
    }
}
