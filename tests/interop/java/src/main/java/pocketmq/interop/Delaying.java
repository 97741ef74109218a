package pocketmq.interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** Delayed messages. The broker's messageDelayLevel is "1s 2s 1s 1s 1s". */
final class Delaying {
    private static final long[] LEVELS_MS = {1_000, 2_000, 1_000, 1_000, 1_000};
    /** Machines are busy; that nothing comes early is exact. */
    private static final long LATE_MS = 5_000;

    private Delaying() {}

    static void register(Map<String, Scenario> all) {
        all.put("delayed", Delaying::delayed);
        all.put("delayedThroughDeath", Delaying::delayedThroughDeath);
    }

    /** Each message comes once, at its time, as it was sent. One above the last level waits as that one does. */
    private static void delayed(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("delayed");
        lab.createTopic(topic);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("delayed");
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener(inbox.concurrently("one"));
        consumer.start();
        Map<String, Message> sent = new HashMap<>();
        int[] levels = {1, 2, 5, 18, 2, 1};
        for (int n = 0; n < levels.length; n++) {
            Message message = lab.message(topic, "A", n);
            message.setDelayTimeLevel(levels[n]);
            sent.put(lab.send(message).id(), message);
        }
        inbox.await(levels.length, 15);
        Thread.sleep(300);
        Expect.same("messages that came", levels.length, inbox.size());
        long latest = 0;
        for (Inbox.Received one : inbox.all()) {
            MessageExt got = one.message();
            Message message = sent.remove(got.getMsgId());
            Expect.that(message != null, got + " came twice or was not sent");
            int level = Math.min(message.getDelayTimeLevel(), LEVELS_MS.length);
            long waited = got.getStoreTimestamp() - got.getBornTimestamp();
            long late = waited - LEVELS_MS[level - 1];
            Expect.that(late >= -50 && late < LATE_MS, "a message of level " + level + " waited " + waited + " ms");
            latest = Math.max(latest, late);
            Expect.same("body", new String(message.getBody()), new String(got.getBody()));
            Expect.same("keys", message.getKeys(), got.getKeys());
            Expect.same("topic", topic, got.getTopic());
            Expect.same("real topic", topic, got.getProperty(MessageConst.PROPERTY_REAL_TOPIC));
        }
        facts.put("latestMs", latest);
    }

    /** The master is killed while 200 messages wait or are on their way: each comes, and is stored once. */
    private static void delayedThroughDeath(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("delayedThroughDeath");
        lab.createTopic(topic);
        List<Sent> sent = new ArrayList<>();
        for (int n = 0; n < 200; n++) {
            Message message = lab.message(topic, "A", n);
            message.setDelayTimeLevel(1 + n % 2);
            sent.add(lab.send(message));
        }
        long wanted = sent.size() + 1; // one made the topic
        Expect.eventually(wanted + " messages stored", 40, () -> stored(lab, topic) >= wanted, () -> stored(lab, topic));
        for (int look = 0; look < 20; look++) {
            Thread.sleep(150);
            Expect.that(stored(lab, topic) <= wanted, stored(lab, topic) + " messages stored of " + wanted);
        }
        Inbox inbox = new Inbox(); // a pull that is under way when its broker dies keeps Java's client for 30 s
        DefaultMQPushConsumer consumer = lab.pushConsumer("delayed");
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener(inbox.concurrently("one"));
        consumer.start();
        Expect.eventually("200 messages by their ids", 15, () -> ids(inbox) == sent.size(), () -> ids(inbox));
        facts.put("came", inbox.size());
    }

    private static long ids(Inbox inbox) {
        return inbox.all().stream().map(one -> one.message().getMsgId()).distinct().count();
    }

    private static long stored(Lab lab, String topic) {
        try {
            return lab.stored(topic);
        } catch (Exception away) {
            return -1;
        }
    }
}
