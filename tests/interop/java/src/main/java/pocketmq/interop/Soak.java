package pocketmq.interop;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Enough messages that files roll, pages fill and parked pulls wake thousands of times. */
final class Soak {
    private static final int COUNT = 50_000;
    private static final int IN_FLIGHT = 500;

    private Soak() {}

    static void register(Map<String, Scenario> all) {
        all.put("soak", Soak::soak);
    }

    private static void soak(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("soak");
        lab.createTopic(topic);
        BitSet seen = new BitSet(COUNT);
        AtomicInteger doubled = new AtomicInteger();
        DefaultMQPushConsumer consumer = lab.pushConsumer("soak");
        consumer.subscribe(topic, "Soak");
        consumer.setConsumeMessageBatchMaxSize(32);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            synchronized (seen) {
                for (MessageExt message : messages) {
                    int number = ByteBuffer.wrap(message.getBody()).getInt();
                    if (seen.get(number)) doubled.incrementAndGet();
                    seen.set(number);
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();

        long start = System.nanoTime();
        produce(lab, topic);
        facts.put("produceMs", (System.nanoTime() - start) / 1_000_000);
        Expect.same("messages stored", COUNT + 1, lab.stored(topic));
        Expect.eventually("all " + COUNT + " messages to arrive", 30, () -> count(seen) == COUNT, () -> count(seen) + " arrived");
        facts.put("consumeMs", (System.nanoTime() - start) / 1_000_000);
        Expect.same("messages that came twice", 0, doubled.get());
    }

    private static int count(BitSet seen) {
        synchronized (seen) {
            return seen.cardinality();
        }
    }

    private static void produce(Lab lab, String topic) throws Exception {
        Semaphore room = new Semaphore(IN_FLIGHT);
        AtomicReference<String> failure = new AtomicReference<>();
        for (int n = 0; n < COUNT && failure.get() == null; n++) {
            byte[] body = ByteBuffer.allocate(200).putInt(n).array();
            Expect.that(room.tryAcquire(20, TimeUnit.SECONDS), "no answer to any of " + IN_FLIGHT + " sends for 20 s");
            int number = n;
            lab.producer().send(new Message(topic, "Soak", "soak-" + n, body), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    if (result.getSendStatus() != SendStatus.SEND_OK) failure.set("send " + number + ": " + result.getSendStatus());
                    room.release();
                }

                @Override
                public void onException(Throwable error) {
                    failure.set("send " + number + ": " + error);
                    room.release();
                }
            });
        }
        Expect.that(room.tryAcquire(IN_FLIGHT, 20, TimeUnit.SECONDS), "some sends were not answered within 20 s");
        Expect.that(failure.get() == null, failure.get());
    }
}
