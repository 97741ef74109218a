package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Pull consumers, and the questions about offsets. */
final class Pulling {
    private Pulling() {}

    static void register(Map<String, Scenario> all) {
        all.put("pullStatuses", Pulling::pullStatuses);
        all.put("pullWaits", Pulling::pullWaits);
        all.put("queueOffsets", Pulling::queueOffsets);
    }

    private static void pullStatuses(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("pulled");
        List<MessageQueue> queues = lab.createTopic(topic);
        MessageQueue queue = queues.get(3);
        List<Sent> sent = new ArrayList<>();
        for (int n = 0; n < 50; n++) sent.add(lab.send(lab.message(topic, n < 40 ? "Early" : "Late", n), queue));
        DefaultMQPullConsumer consumer = lab.pullConsumer("plain");
        consumer.start();
        Expect.same("queues to read", 4, consumer.fetchSubscribeMessageQueues(topic).size());
        Inbox inbox = new Inbox();
        PullAll.queue(consumer, queue, 0, inbox);
        inbox.assertExactlyOnce(sent, 0);

        PullResult page = consumer.pull(queue, "*", 10, 7);
        Expect.same("messages of a pull of 7", 7, page.getMsgFoundList().size());
        Expect.same("its first offset", 10, page.getMsgFoundList().get(0).getQueueOffset());
        assertAnswer("a pull of 7 at 10", page, PullStatus.FOUND, 17);
        assertAnswer("a pull at the end", consumer.pull(queue, "*", 50, 32), PullStatus.NO_NEW_MSG, 50);
        assertAnswer("a pull past the end", consumer.pull(queue, "*", 500, 32), PullStatus.OFFSET_ILLEGAL, 50);
        assertAnswer("a pull that matches nothing", consumer.pull(queue, "Never", 0, 32), PullStatus.NO_MATCHED_MSG, 50);
        PullResult late = consumer.pull(queue, "Late", 0, 32);
        Expect.same("messages with the tag", 10, late.getMsgFoundList().size());
        assertAnswer("a pull by tag", late, PullStatus.FOUND, 50);
        PullResult empty = consumer.pull(queues.get(1), "*", 0, 32);
        Expect.same("status of an empty queue", PullStatus.NO_NEW_MSG, empty.getPullStatus());
        Expect.same("end of an empty queue", 0, empty.getMaxOffset());

        consumer.updateConsumeOffset(queue, 33);
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
        Expect.eventually("the broker to know the group's offset", 3,
            () -> consumer.fetchConsumeOffset(queue, true) == 33, () -> consumer.fetchConsumeOffset(queue, true));
        consumer.updateConsumeOffset(queue, 11); // going back is allowed
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
        Expect.eventually("the group's offset to go back", 3,
            () -> consumer.fetchConsumeOffset(queue, true) == 11, () -> consumer.fetchConsumeOffset(queue, true));
    }

    private static void assertAnswer(String what, PullResult got, PullStatus status, long next) {
        Expect.same("status of " + what, status, got.getPullStatus());
        Expect.same("next offset of " + what, next, got.getNextBeginOffset());
        Expect.same("first offset told by " + what, 0, got.getMinOffset());
        Expect.same("end told by " + what, 50, got.getMaxOffset());
    }

    private static void pullWaits(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("parked");
        MessageQueue queue = lab.createTopic(topic).get(2);
        DefaultMQPullConsumer consumer = lab.pullConsumer("parked");
        consumer.start();
        CompletableFuture<PullResult> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return consumer.pullBlockIfNotFound(queue, "*", 0, 32);
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
        Thread.sleep(500);
        Expect.that(!answer.isDone(), "a pull that should wait was answered: " + answer);
        long start = System.nanoTime();
        lab.send(lab.message(topic, "Awaited", 0), queue);
        PullResult got = answer.get(5, TimeUnit.SECONDS);
        facts.put("answeredAfterMs", (System.nanoTime() - start) / 1_000_000);
        Expect.same("status of the pull that waited", PullStatus.FOUND, got.getPullStatus());
        Expect.same("messages it got", 1, got.getMsgFoundList().size());

        consumer.setBrokerSuspendMaxTimeMillis(1_500);
        start = System.nanoTime();
        PullResult nothing = consumer.pullBlockIfNotFound(queue, "*", 1, 32);
        long waited = (System.nanoTime() - start) / 1_000_000;
        Expect.same("status of a pull that waited for nothing", PullStatus.NO_NEW_MSG, nothing.getPullStatus());
        Expect.that(waited >= 1_400 && waited < 8_000, "a pull told to wait 1500 ms was answered after " + waited + " ms");
        facts.put("emptyAnswerAfterMs", waited);
    }

    private static void queueOffsets(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("offsets");
        List<MessageQueue> queues = lab.createTopic(topic);
        MessageQueue queue = queues.get(1);
        List<MessageExt> stored = new ArrayList<>();
        for (int n = 0; n < 10; n++) {
            Sent sent = lab.send(lab.message(topic, "Timed", n), queue);
            stored.add(lab.producer().viewMessage(topic, sent.offsetMsgId()));
            Thread.sleep(25);
        }
        Expect.same("end of the queue", 10, lab.producer().maxOffset(queue));
        Expect.same("start of the queue", 0, lab.producer().minOffset(queue));
        Expect.same("end of an empty queue", 0, lab.producer().maxOffset(queues.get(2)));
        Expect.same("start of an empty queue", 0, lab.producer().minOffset(queues.get(2)));
        Expect.same("time of the first message", stored.get(0).getStoreTimestamp(), lab.producer().earliestMsgStoreTime(queue));
        for (int n = 0; n < 10; n++) {
            long time = stored.get(n).getStoreTimestamp();
            Expect.same("offset at the time of message " + n, n, lab.producer().searchOffset(queue, time));
        }
        long first = stored.get(0).getStoreTimestamp();
        long last = stored.get(9).getStoreTimestamp();
        Expect.same("offset at a time before all", 0, lab.producer().searchOffset(queue, first - 60_000));
        Expect.same("offset at a time after all", 9, lab.producer().searchOffset(queue, last + 60_000));
        Expect.same("offset just after message 4", 4, lab.producer().searchOffset(queue, stored.get(4).getStoreTimestamp() + 2));
        Expect.same("offset just before message 5", 5, lab.producer().searchOffset(queue, stored.get(5).getStoreTimestamp() - 2));
        Expect.same("offset in an empty queue", 0, lab.producer().searchOffset(queues.get(2), last));
    }
}
