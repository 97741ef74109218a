package pocketmq.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.protocol.body.LockBatchRequestBody;
import org.apache.rocketmq.common.protocol.body.UnlockBatchRequestBody;

/** Orderly consumption and the queue locks it rests on. */
final class Ordering {
    private Ordering() {}

    static void register(Map<String, Scenario> all) {
        all.put("orderly", Ordering::orderly);
        all.put("orderlyTwoConsumers", Ordering::orderlyTwoConsumers);
        all.put("queueLocks", Ordering::queueLocks);
    }

    /** Each queue's messages come one after another, in the order of the queue, although four threads consume. */
    private static void orderly(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("orderly");
        List<Sent> sent = fill(lab, topic, 0, 200);
        Inbox inbox = new Inbox();
        Set<Integer> inHand = ConcurrentHashMap.newKeySet();
        AtomicReference<String> overlap = new AtomicReference<>();
        DefaultMQPushConsumer consumer = lab.pushConsumer("ordered");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((List<MessageExt> messages, ConsumeOrderlyContext context) -> {
            int queue = context.getMessageQueue().getQueueId();
            if (!inHand.add(queue)) overlap.set("queue " + queue + " was consumed by two threads at once");
            inbox.add(Integer.toString(queue), messages);
            inHand.remove(queue);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        inbox.await(sent.size(), 15);
        List<Sent> more = fill(lab, topic, 200, 260);
        sent.addAll(more);
        inbox.assertExactlyOnce(sent, 10);
        Expect.that(overlap.get() == null, overlap.get());
        assertInOrder(inbox.all());
    }

    /** The second consumer gets queues only after the first let go of their locks; nothing is lost or out of order. */
    private static void orderlyTwoConsumers(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("orderlyShared");
        List<Sent> sent = fill(lab, topic, 0, 40);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer one = member(lab, topic, inbox, "one");
        inbox.await(40, 10);
        DefaultMQPushConsumer two = member(lab, topic, inbox, "two");
        Groups.awaitQueues(topic, one, 2);
        Groups.awaitQueues(topic, two, 2);
        sent.addAll(fill(lab, topic, 40, 140));
        inbox.assertExactlyOnce(sent, 25); // a lock is asked for every 20 s when the first try came too early
        assertInOrder(inbox.all());
        Expect.same("messages of the second consumer", 50, inbox.of("two").size());
        two.shutdown();
        Groups.awaitQueues(topic, one, 4);
        sent.addAll(fill(lab, topic, 140, 180));
        inbox.assertExactlyOnce(sent, 25);
        assertInOrder(inbox.all());
    }

    private static DefaultMQPushConsumer member(Lab lab, String topic, Inbox inbox, String who) throws Exception {
        DefaultMQPushConsumer consumer = lab.pushConsumer("ordered");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.orderly(who));
        consumer.start();
        return consumer;
    }

    private static List<Sent> fill(Lab lab, String topic, int from, int to) throws Exception {
        List<Sent> sent = new ArrayList<>();
        for (int n = from; n < to; n++) {
            Message message = lab.message(topic, "Ordered", n);
            sent.add(Lab.accepted(message, lab.producer().send(message, (queues, one, key) ->
                queues.stream().filter(queue -> queue.getQueueId() == (int) key).findFirst().orElseThrow(), n % 4)));
        }
        return sent;
    }

    private static void assertInOrder(List<Inbox.Received> received) {
        long[] next = {0, 0, 0, 0};
        for (Inbox.Received one : received) {
            int queue = one.message().getQueueId();
            Expect.same("next message of queue " + queue, next[queue]++, one.message().getQueueOffset());
        }
    }

    /** What an orderly consumer holds nobody else of its group gets, until it leaves or lets go. */
    private static void queueLocks(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("locks");
        Set<MessageQueue> queues = new HashSet<>(lab.createTopic(topic));
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("ordered");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.orderly("holder"));
        consumer.start();
        inbox.await(1, 10);
        Groups.awaitQueues(topic, consumer, 4);
        String group = lab.group("ordered");
        Expect.same("queues a stranger may lock while the consumer runs", Set.of(), lock(lab, topic, group, "stranger", queues));
        Expect.same("queues a stranger of another group may lock", queues, lock(lab, topic, group + "_other", "stranger", queues));
        consumer.shutdown();
        Expect.eventually("the locks to be free after the consumer left", 5,
            () -> lock(lab, topic, group, "stranger", queues).equals(queues), () -> lock(lab, topic, group, "stranger", queues));
        Expect.same("queues the owner may lock again", queues, lock(lab, topic, group, "stranger", queues));
        unlock(lab, topic, group, "intruder", queues);
        Expect.same("queues an intruder may lock after unlocking what is not its own", Set.of(), lock(lab, topic, group, "intruder", queues));
        unlock(lab, topic, group, "stranger", queues);
        Expect.same("queues the intruder may lock after the owner let go", queues, lock(lab, topic, group, "intruder", queues));
        unlock(lab, topic, group, "intruder", queues);
    }

    private static Set<MessageQueue> lock(Lab lab, String topic, String group, String client, Set<MessageQueue> queues) throws Exception {
        LockBatchRequestBody body = new LockBatchRequestBody();
        body.setConsumerGroup(group);
        body.setClientId(client);
        body.setMqSet(queues);
        return lab.requests().lockBatchMQ(lab.broker(topic, 0), body, Lab.TIMEOUT_MS);
    }

    private static void unlock(Lab lab, String topic, String group, String client, Set<MessageQueue> queues) throws Exception {
        UnlockBatchRequestBody body = new UnlockBatchRequestBody();
        body.setConsumerGroup(group);
        body.setClientId(client);
        body.setMqSet(queues);
        lab.requests().unlockBatchMQ(lab.broker(topic, 0), body, Lab.TIMEOUT_MS, false);
    }
}
