package pocketmq.interop;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/** What consumers could not handle. The broker's messageDelayLevel is "1s 2s 1s 1s 1s". */
final class Retrying {
    private Retrying() {}

    static void register(Map<String, Scenario> all) {
        all.put("retryToDeadLetters", Retrying::retryToDeadLetters);
        all.put("retryWithLevel", Retrying::retryWithLevel);
        all.put("retryNever", Retrying::retryNever);
        all.put("retryOrderly", Retrying::retryOrderly);
        all.put("retryOrderlyToDeadLetters", Retrying::retryOrderlyToDeadLetters);
        all.put("retryThroughDeath", Retrying::retryThroughDeath);
    }

    /** Failing 3 times, a message comes 3 times, then lies once in the dead letters, known by what it was. */
    private static void retryToDeadLetters(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryDead");
        lab.createTopic(topic);
        Sent sent = lab.send(lab.message(topic, "A", 1));
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("fails");
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeConcurrentlyContext context) -> {
            inbox.add("fails", messages);
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        consumer.start();
        inbox.await(3, 25);
        for (int n = 0; n < 3; n++) {
            MessageExt got = inbox.of("fails").get(n);
            Expect.same("failures before delivery " + n, n, got.getReconsumeTimes());
            Expect.same("its topic", topic, got.getTopic());
            Expect.same("its id", sent.id(), got.getMsgId());
            Expect.same("its keys", sent.message().getKeys(), got.getKeys());
            if (n > 0) Expect.same("where it was first", sent.offsetMsgId(), got.getProperty(MessageConst.PROPERTY_ORIGIN_MESSAGE_ID));
        }
        MessageExt dead = dead(lab, "fails", 1).get(0);
        Expect.same("failures of the dead letter", 3, dead.getReconsumeTimes());
        Expect.same("its id", sent.id(), dead.getMsgId());
        Expect.same("its first topic", topic, dead.getProperty(MessageConst.PROPERTY_RETRY_TOPIC));
        Expect.same("deliveries", 3, inbox.size());
    }

    /** A level that the listener names says how long the next delivery waits. */
    private static void retryWithLevel(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryLevel");
        lab.createTopic(topic);
        lab.send(lab.message(topic, "A", 1));
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("level");
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeConcurrentlyContext context) -> {
            inbox.add("level", messages);
            context.setDelayLevelWhenNextConsume(2);
            boolean again = messages.get(0).getReconsumeTimes() == 0;
            return again ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        inbox.await(2, 15);
        MessageExt again = inbox.of("level").get(1);
        Expect.same("its level", "2", again.getProperty(MessageConst.PROPERTY_DELAY_TIME_LEVEL));
        Thread.sleep(2_500);
        Expect.same("deliveries", 2, inbox.size());
    }

    /** A level below 0 means never again. */
    private static void retryNever(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryNever");
        lab.createTopic(topic);
        Sent sent = lab.send(lab.message(topic, "A", 1));
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("never");
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeConcurrentlyContext context) -> {
            inbox.add("never", messages);
            consumer(messages.get(0), consumer);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        MessageExt dead = dead(lab, "never", 1).get(0);
        Expect.same("its id", sent.id(), dead.getMsgId());
        Expect.same("deliveries", 1, inbox.size());
    }

    private static void consumer(MessageExt message, DefaultMQPushConsumer consumer) {
        try {
            consumer.sendMessageBack(message, -1);
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** An orderly listener that suspends gets the same message again, and none behind it meanwhile. */
    private static void retryOrderly(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryOrderly");
        var queue = lab.createTopic(topic).get(0);
        for (int n = 0; n < 3; n++) lab.send(lab.message(topic, "A", n), queue);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("suspends");
        consumer.setSuspendCurrentQueueTimeMillis(200);
        consumer.subscribe(topic, "A");
        AtomicInteger tries = new AtomicInteger();
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeOrderlyContext context) -> {
            inbox.add("suspends", messages);
            return tries.incrementAndGet() < 4 ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        inbox.await(6, 20);
        List<String> keys = inbox.of("suspends").stream().map(MessageExt::getKeys).toList();
        Expect.same("order", List.of("key-0", "key-0", "key-0", "key-0", "key-1", "key-2"), keys);
    }

    /** One that failed too often goes to the dead letters, and those behind it come. */
    private static void retryOrderlyToDeadLetters(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryOrderlyDead");
        var queue = lab.createTopic(topic).get(0);
        Sent first = lab.send(lab.message(topic, "A", 0), queue);
        lab.send(lab.message(topic, "A", 1), queue);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("gives-up");
        consumer.setSuspendCurrentQueueTimeMillis(100);
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeOrderlyContext context) -> {
            inbox.add("gives-up", messages);
            boolean fails = messages.get(0).getKeys().equals("key-0");
            return fails ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT : ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        MessageExt dead = dead(lab, "gives-up", 1).get(0);
        Expect.same("its keys", first.message().getKeys(), dead.getKeys());
        Expect.eventually("the one behind it", 10, () -> keys(inbox).contains("key-1"), () -> keys(inbox));
        Expect.same("times the first one came", 3L, keys(inbox).stream().filter("key-0"::equals).count());
    }

    /** Each of 60 messages fails twice while the master is killed: all are handled in the end. */
    private static void retryThroughDeath(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("retryThroughDeath");
        lab.createTopic(topic);
        int count = 60;
        for (Sent ignored : lab.sendMany(topic, "A", 0, count)) continue;
        Set<String> handled = ConcurrentHashMap.newKeySet();
        AtomicInteger deliveries = new AtomicInteger();
        DefaultMQPushConsumer consumer = lab.pushConsumer("fails");
        consumer.setHeartbeatBrokerInterval(1_000); // a master that is back knows no groups
        consumer.subscribe(topic, "A");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeConcurrentlyContext context) -> {
            deliveries.incrementAndGet();
            if (messages.get(0).getReconsumeTimes() < 2) return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            handled.add(messages.get(0).getKeys());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        Expect.eventually("all are handled", 55, () -> handled.size() == count, handled::size);
        facts.put("deliveries", deliveries.get());
    }

    private static List<String> keys(Inbox inbox) {
        return inbox.all().stream().map(one -> one.message().getKeys()).toList();
    }

    /** What lies in the dead letters of a group of this scenario, read by another one. */
    private static List<MessageExt> dead(Lab lab, String group, int count) throws Exception {
        String topic = "%DLQ%" + lab.group(group);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer reader = lab.pushConsumer("dead-" + group);
        reader.subscribe(topic, "*");
        reader.registerMessageListener(inbox.concurrently("reader"));
        reader.start();
        inbox.await(count, 30);
        Thread.sleep(300);
        Expect.same("dead letters", count, inbox.size());
        return inbox.of("reader");
    }
}
