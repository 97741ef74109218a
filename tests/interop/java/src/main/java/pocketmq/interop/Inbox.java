package pocketmq.interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageExt;

/** What consumers got, in the order it came, and who got it. */
final class Inbox {
    /** Long enough for a second delivery to show itself. */
    private static final int QUIET_MS = 300;

    record Received(String who, MessageExt message) {}

    private final List<Received> received = new ArrayList<>();

    synchronized void add(String who, List<MessageExt> messages) {
        for (MessageExt message : messages) received.add(new Received(who, message));
    }

    synchronized List<Received> all() {
        return new ArrayList<>(received);
    }

    synchronized int size() {
        return received.size();
    }

    List<MessageExt> of(String who) {
        return all().stream().filter(one -> one.who().equals(who)).map(Received::message).toList();
    }

    MessageListenerConcurrently concurrently(String who) {
        return (messages, context) -> {
            add(who, messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    MessageListenerOrderly orderly(String who) {
        return (messages, context) -> {
            add(who, messages);
            return ConsumeOrderlyStatus.SUCCESS;
        };
    }

    void await(int count, double seconds) throws Exception {
        Expect.eventually(count + " messages to arrive", seconds, () -> size() >= count, () -> size() + " messages, by consumer and queue " + counts());
    }

    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        for (Received one : all()) counts.merge(one.who() + "/" + one.message().getQueueId(), 1, Integer::sum);
        return counts;
    }

    /** Every message arrives once, as it was sent, and nothing else does. */
    void assertExactlyOnce(List<Sent> sent, double seconds) throws Exception {
        await(sent.size(), seconds);
        Thread.sleep(QUIET_MS);
        assertExactlyOnce(sent, all().stream().map(Received::message).toList());
    }

    static void assertExactlyOnce(List<Sent> sent, List<MessageExt> got) {
        Map<String, Sent> waiting = new HashMap<>();
        for (Sent one : sent) waiting.put(one.knownBy(), one);
        Expect.same("distinct ids of the messages sent", sent.size(), waiting.size());
        Map<String, MessageExt> seen = new HashMap<>();
        for (MessageExt message : got) {
            String place = ((MessageClientExt) message).getOffsetMsgId();
            Expect.that(seen.put(place, message) == null, "message " + message.getKeys() + " of queue "
                + message.getQueueId() + " at " + message.getQueueOffset() + " came twice");
            Sent one = waiting.remove(waiting.containsKey(place) ? place : message.getMsgId());
            Expect.that(one != null, "message " + message + " came, but was not sent here, or came before");
            one.assertIs(message);
        }
        Expect.that(waiting.isEmpty(), waiting.size() + " of " + sent.size() + " messages did not arrive, among them "
            + waiting.values().stream().limit(3).map(one -> one.message().getKeys()).toList());
    }
}
