package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.protocol.heartbeat.MessageModel;

/** Push consumers: what one of them gets. */
final class Consuming {
    private Consuming() {}

    static void register(Map<String, Scenario> all) {
        all.put("consumeAll", Consuming::consumeAll);
        all.put("tagFilter", Consuming::tagFilter);
        all.put("newMessagesAtOnce", Consuming::newMessagesAtOnce);
        all.put("broadcast", Consuming::broadcast);
        all.put("newGroupOnYoungTopic", Consuming::newGroupOnYoungTopic);
    }

    /** Messages of every way to send, in one topic. */
    private static void consumeAll(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("everything");
        List<Sent> sent = new ArrayList<>(lab.sendMany(topic, "Sync", 0, 50));
        MessageQueue queue = sent.get(0).queue();
        List<CompletableFuture<Sent>> answers = new ArrayList<>();
        for (int n = 50; n < 150; n++) answers.add(Sending.sendAsync(lab, lab.message(topic, "Async", n)));
        for (CompletableFuture<Sent> answer : answers) sent.add(answer.get(Lab.TIMEOUT_MS, TimeUnit.MILLISECONDS));
        sent.addAll(Sending.sendBatch(lab, topic, queue, 40));
        for (int n = 200; n < 250; n++) {
            Message message = lab.message(topic, "OneWay", n);
            message.setFlag(n);
            lab.producer().sendOneway(message);
            sent.add(Sent.oneWay(message));
        }
        Message bare = new Message(topic, Lab.bytes("no tag, no key, no property"));
        sent.add(lab.send(bare));

        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("all");
        consumer.subscribe(topic, "*");
        consumer.setConsumeMessageBatchMaxSize(8);
        consumer.registerMessageListener(inbox.concurrently("all"));
        consumer.start();
        inbox.assertExactlyOnce(sent, 10);
        facts.put("messages", inbox.size());
    }

    private static void tagFilter(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("tags");
        List<Sent> wanted = new ArrayList<>();
        List<Sent> everything = new ArrayList<>();
        // "Aa" and "BB" have one hash code: the broker cannot tell them apart, the client must.
        String[] tags = {"TagA", "TagB", "TagC", "Aa", "BB", null};
        for (int n = 0; n < 120; n++) {
            Sent sent = lab.send(lab.message(topic, tags[n % tags.length], n));
            everything.add(sent);
            if (n % tags.length < 2) wanted.add(sent);
        }
        Inbox filtered = consumed(lab, topic, "two", "TagA || TagB");
        Inbox colliding = consumed(lab, topic, "colliding", "Aa");
        Inbox all = consumed(lab, topic, "all", "*");
        filtered.assertExactlyOnce(wanted, 10);
        all.assertExactlyOnce(everything, 10);
        colliding.assertExactlyOnce(everything.stream().filter(sent -> "Aa".equals(sent.message().getTags())).toList(), 10);

        // A filter that turned everything away must still be woken by the next message it wants.
        Sent late = lab.send(lab.message(topic, "TagB", 1000));
        wanted.add(late);
        filtered.assertExactlyOnce(wanted, 3);
    }

    private static Inbox consumed(Lab lab, String topic, String group, String expression) throws Exception {
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer(group);
        consumer.subscribe(topic, expression);
        consumer.registerMessageListener(inbox.concurrently(group));
        consumer.start();
        return inbox;
    }

    /** A pull that waits on the broker is answered when a message comes, not at its time-out. */
    private static void newMessagesAtOnce(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("atOnce");
        List<MessageQueue> queues = lab.createTopic(topic);
        Inbox inbox = consumed(lab, topic, "waiting", "*");
        inbox.await(1, 10);
        for (int n = 0; n < 4; n++) { // a queue's first pull is put off by 3 s when it fails
            lab.send(lab.message(topic, "First", n), queues.get(n));
            inbox.await(n + 2, 10);
        }
        Thread.sleep(1_000); // now all four queues are waited on
        List<Long> waits = new ArrayList<>();
        for (int n = 4; n < 24; n++) {
            long start = System.nanoTime();
            lab.send(lab.message(topic, "Now", n), queues.get(n % 4));
            inbox.await(n + 2, 5);
            waits.add((System.nanoTime() - start) / 1_000_000);
        }
        waits.sort(null);
        facts.put("medianWaitMs", waits.get(10));
        facts.put("longestWaitMs", waits.get(19));
        Expect.that(waits.get(19) < 1_000, "a message came " + waits.get(19) + " ms after it was sent to a waiting consumer");
    }

    private static void broadcast(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("broadcast");
        List<Sent> sent = new ArrayList<>(lab.sendMany(topic, "Before", 0, 20));
        Inbox inbox = new Inbox();
        for (String who : List.of("one", "two")) {
            DefaultMQPushConsumer consumer = lab.pushConsumer("both");
            consumer.setMessageModel(MessageModel.BROADCASTING);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(inbox.concurrently(who));
            consumer.start();
        }
        inbox.await(40, 10);
        sent.addAll(lab.sendMany(topic, "After", 20, 40));
        inbox.await(80, 10);
        Thread.sleep(200);
        for (String who : List.of("one", "two")) {
            List<MessageExt> got = inbox.of(who);
            Inbox.assertExactlyOnce(sent, got);
        }
    }

    /** A group nobody knew starts at 0 while the topic's first messages are still in memory, whatever it asks for. */
    private static void newGroupOnYoungTopic(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("young");
        List<Sent> sent = lab.sendMany(topic, "Young", 0, 20);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("late");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently("late"));
        consumer.start();
        inbox.assertExactlyOnce(sent, 10);
    }
}
