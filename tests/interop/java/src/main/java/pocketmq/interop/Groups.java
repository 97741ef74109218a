package pocketmq.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Consumers of one group: who has which queue, and where they go on. */
final class Groups {
    private Groups() {}

    static void register(Map<String, Scenario> all) {
        all.put("twoConsumersShare", Groups::twoConsumersShare);
        all.put("offsetsSurviveRestart", Groups::offsetsSurviveRestart);
    }

    /** Both hear of each other through the broker, not by their own 20 s round; a leaver's queues change hands. */
    private static void twoConsumersShare(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("shared");
        lab.createTopic(topic);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer one = member(lab, topic, "one", inbox);
        awaitQueues(topic, one, 4);
        inbox.await(1, 10); // the message that made the topic

        long start = System.nanoTime();
        DefaultMQPushConsumer two = member(lab, topic, "two", inbox);
        awaitQueues(topic, one, 2);
        awaitQueues(topic, two, 2);
        facts.put("sharedAfterMs", (System.nanoTime() - start) / 1_000_000);
        Set<MessageQueue> both = queues(topic, one);
        both.addAll(queues(topic, two));
        Expect.same("queues the two have together", 4, both.size());
        Thread.sleep(300); // a queue that was let go may still have a last answer under way

        List<Sent> shared = lab.sendMany(topic, "Shared", 0, 200);
        inbox.await(201, 10);
        Thread.sleep(300);
        List<MessageExt> got = tagged(inbox, "Shared");
        Inbox.assertExactlyOnce(shared, got);
        for (String who : List.of("one", "two")) {
            Set<Integer> from = new HashSet<>();
            inbox.of(who).stream().filter(message -> "Shared".equals(message.getTags())).forEach(message -> from.add(message.getQueueId()));
            Expect.same("queues that consumer " + who + " got messages from", 2, from.size());
        }

        start = System.nanoTime();
        two.shutdown();
        awaitQueues(topic, one, 4);
        facts.put("takenOverAfterMs", (System.nanoTime() - start) / 1_000_000);
        List<Sent> alone = lab.sendMany(topic, "Alone", 200, 300);
        inbox.await(301, 10);
        Thread.sleep(300);
        Inbox.assertExactlyOnce(alone, tagged(inbox, "Alone"));
        Inbox.assertExactlyOnce(shared, tagged(inbox, "Shared"));
    }

    private static DefaultMQPushConsumer member(Lab lab, String topic, String who, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = lab.pushConsumer("members");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently(who));
        consumer.start();
        return consumer;
    }

    private static List<MessageExt> tagged(Inbox inbox, String tag) {
        return inbox.all().stream().map(Inbox.Received::message).filter(message -> tag.equals(message.getTags())).toList();
    }

    static Set<MessageQueue> queues(String topic, DefaultMQPushConsumer consumer) {
        Set<MessageQueue> own = new HashSet<>(consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet());
        own.removeIf(queue -> !queue.getTopic().equals(topic)); // its retry topic has a queue too
        return own;
    }

    static void awaitQueues(String topic, DefaultMQPushConsumer consumer, int count) throws Exception {
        Expect.eventually(consumer.getInstanceName() + " to have " + count + " queues", 10,
            () -> queues(topic, consumer).size() == count, () -> queues(topic, consumer));
    }

    private static void offsetsSurviveRestart(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("restarted");
        List<Sent> before = lab.sendMany(topic, "Before", 0, 60);
        Inbox first = new Inbox();
        DefaultMQPushConsumer consumer = member(lab, topic, "first", first);
        first.assertExactlyOnce(before, 10);
        consumer.shutdown();

        List<Sent> between = new ArrayList<>(lab.sendMany(topic, "Between", 60, 120));
        Inbox second = new Inbox();
        DefaultMQPushConsumer again = member(lab, topic, "second", second);
        second.assertExactlyOnce(between, 10);
        again.shutdown();
        Inbox third = new Inbox();
        member(lab, topic, "third", third);
        between = lab.sendMany(topic, "Last", 120, 124);
        third.assertExactlyOnce(between, 10);
    }
}
