package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/** A producer and a consumer that work for a while as one expects of them, whatever is done to name servers meanwhile. */
final class Steady {
    private static final long FOR_S = 25;

    private Steady() {}

    static void register(Map<String, Scenario> all) {
        all.put("steady", Steady::steady);
    }

    private static void steady(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("steady");
        lab.createTopic(topic);
        Set<String> seen = ConcurrentHashMap.newKeySet();
        DefaultMQPushConsumer consumer = lab.pushConsumer("steady");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> seen.add(message.getKeys()));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();

        Set<String> sent = new TreeSet<>();
        List<String> failed = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(FOR_S);
        for (int n = 0; System.nanoTime() < end; n++) {
            String key = "steady-" + n;
            try {
                SendResult result = lab.producer().send(new Message(topic, "", key, new byte[] {1}));
                if (result.getSendStatus() != SendStatus.SEND_OK) failed.add(key + ": " + result.getSendStatus());
                sent.add(key);
            } catch (Exception error) {
                failed.add(key + ": " + error);
            }
            Thread.sleep(10);
        }
        facts.put("sent", sent.size());
        Expect.same("sends that failed", List.of(), failed);
        Expect.eventually("all messages to arrive", 25, () -> seen.containsAll(sent), () -> seen.size() + " of " + sent.size() + " arrived");
    }
}
