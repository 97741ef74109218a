package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageQueue;

/** The pull consumer that subscribes and polls; clients before 4.6 have none. */
final class LitePulling {
    private LitePulling() {}

    static void register(Map<String, Scenario> all) {
        all.put("litePullSubscribe", LitePulling::litePullSubscribe);
        all.put("litePullAssignSeek", LitePulling::litePullAssignSeek);
    }

    private static DefaultLitePullConsumer consumer(Lab lab, String group) {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(lab.group(group));
        consumer.setNamesrvAddr(lab.namesrv());
        consumer.setInstanceName(lab.instance());
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setAutoCommit(false);
        lab.atEnd(consumer::shutdown);
        return consumer;
    }

    private static void litePullSubscribe(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("lite");
        List<Sent> sent = lab.sendMany(topic, "Lite", 0, 100);
        DefaultLitePullConsumer consumer = consumer(lab, "subscribed");
        consumer.subscribe(topic, "*");
        consumer.start();
        Inbox inbox = new Inbox();
        pollUntil(consumer, inbox, 100);
        consumer.commitSync();
        inbox.assertExactlyOnce(sent, 0);
    }

    private static void pollUntil(DefaultLitePullConsumer consumer, Inbox inbox, int count) throws Exception {
        Expect.eventually(count + " messages by polling", 10, () -> {
            inbox.add("poll", consumer.poll(200));
            return inbox.size() >= count;
        }, inbox::size);
    }

    private static void litePullAssignSeek(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("assigned");
        List<MessageQueue> queues = lab.createTopic(topic);
        MessageQueue queue = queues.get(2);
        for (int n = 0; n < 30; n++) lab.send(lab.message(topic, "Assigned", n), queue);
        DefaultLitePullConsumer consumer = consumer(lab, "assigned");
        consumer.start();
        Expect.same("queues of the topic", 4, consumer.fetchMessageQueues(topic).size());
        consumer.assign(List.of(queue));
        Expect.same("offsets from the first", offsets(0, 30), polled(consumer, 30));
        consumer.seek(queue, 12);
        Expect.same("offsets from 12 on", offsets(12, 30), polled(consumer, 18));
        consumer.seekToBegin(queue);
        Expect.same("offsets from the beginning", offsets(0, 30), polled(consumer, 30));
        consumer.seekToEnd(queue);
        lab.send(lab.message(topic, "Assigned", 30), queue);
        Expect.same("offsets from the end", offsets(30, 31), polled(consumer, 1));
        consumer.commitSync();
        Expect.eventually("the broker to know the offset", 8, () -> consumer.committed(queue) == 31, () -> consumer.committed(queue));
        Expect.same("offset at a time before all", 0, (long) consumer.offsetForTimestamp(queue, System.currentTimeMillis() - 3_600_000));
    }

    /** Ends when the client waits at the end of its queue: a seek while an answer is on its way mixes both up in the client. */
    private static List<Long> polled(DefaultLitePullConsumer consumer, int count) throws Exception {
        Inbox inbox = new Inbox();
        pollUntil(consumer, inbox, count);
        List<Long> offsets = new ArrayList<>();
        for (Inbox.Received one : inbox.all()) offsets.add(one.message().getQueueOffset());
        Thread.sleep(100);
        return offsets;
    }

    private static List<Long> offsets(long from, long to) {
        List<Long> offsets = new ArrayList<>();
        for (long offset = from; offset < to; offset++) offsets.add(offset);
        return offsets;
    }
}
