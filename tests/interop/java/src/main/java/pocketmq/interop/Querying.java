package pocketmq.interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages found by what is known of them: a key, the id their client gave them, the id of their place. */
final class Querying {
    private static final long FOREVER = Long.MAX_VALUE;

    private Querying() {}

    static void register(Map<String, Scenario> all) {
        all.put("queryByKey", Querying::queryByKey);
        all.put("queryOnSlave", Querying::queryOnSlave);
    }

    private static void queryByKey(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("query");
        lab.createTopic(topic);
        long begin = System.currentTimeMillis() - 1_000;
        List<Sent> all = new ArrayList<>();
        for (int n = 0; n < 10; n++) {
            Message message = lab.message(topic, "Query", n);
            message.setKeys(Arrays.asList("order-" + n, "shared", "größe-鍵-" + n));
            all.add(lab.send(message));
        }
        found(lab, topic, "shared", 64, 10);
        for (int n = 0; n < 10; n++) {
            found(lab, topic, "order-" + n, 64, 1);
            found(lab, topic, "größe-鍵-" + n, 64, 1);
        }
        List<MessageExt> newest = found(lab, topic, "shared", 3, 3);
        Expect.same("the newest three", Set.of("7", "8", "9"), numbers(newest));
        nothing(lab, topic, "order", 0, FOREVER);
        nothing(lab, topic + "-other", "shared", 0, FOREVER);
        nothing(lab, topic, "shared", 0, begin - 60_000);
        nothing(lab, topic, "shared", System.currentTimeMillis() + 60_000, FOREVER);
        Expect.same("in the time of the sends", 10,
            lab.producer().queryMessage(topic, "shared", 64, begin, System.currentTimeMillis() + 1_000).getMessageList().size());
        for (Sent sent : all) {
            for (String id : List.of(sent.id(), sent.offsetMsgId())) {
                MessageExt stored = lab.producer().viewMessage(topic, id);
                Expect.same("queue offset of the message with id " + id, sent.queueOffset(), stored.getQueueOffset());
            }
        }
    }

    /** The stock was sent by another process, to a master that is dead by now. */
    private static void queryOnSlave(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("stock");
        for (int n : new int[] {0, 7, 99}) found(lab, topic, "stock-" + n, 64, 1);
        nothing(lab, topic, "stock-none", 0, FOREVER);
    }

    /** An index is a moment behind the log in Java. */
    private static List<MessageExt> found(Lab lab, String topic, String key, int max, int count) throws Exception {
        QueryResult[] last = {null};
        Expect.eventually(count + " with key " + key, 5, () -> {
            try {
                last[0] = lab.producer().queryMessage(topic, key, max, 0, FOREVER);
                return last[0].getMessageList().size() == count;
            } catch (MQClientException none) {
                return false;
            }
        }, () -> last[0] == null ? "none" : last[0].getMessageList().size());
        Expect.that(last[0].getIndexLastUpdateTimestamp() > 0, "no time of the index");
        Set<String> places = new HashSet<>();
        for (MessageExt message : last[0].getMessageList()) {
            Expect.that(Arrays.asList(message.getKeys().split(" ")).contains(key), "keys " + message.getKeys() + " for " + key);
            places.add(message.getQueueId() + "/" + message.getQueueOffset());
        }
        Expect.same("distinct messages", count, places.size());
        return last[0].getMessageList();
    }

    private static void nothing(Lab lab, String topic, String key, long begin, long end) throws Exception {
        try {
            int count = lab.producer().queryMessage(topic, key, 64, begin, end).getMessageList().size();
            Expect.same("messages with key " + key + " of " + topic, 0, count);
        } catch (MQClientException none) {
            // that is how the client says it
        }
    }

    private static Set<String> numbers(List<MessageExt> messages) {
        return messages.stream().map(message -> message.getUserProperty("number")).collect(Collectors.toSet());
    }
}
