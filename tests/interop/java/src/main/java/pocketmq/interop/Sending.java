package pocketmq.interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.protocol.ResponseCode;
import org.apache.rocketmq.common.protocol.route.QueueData;
import org.apache.rocketmq.common.protocol.route.TopicRouteData;

/** Every way to send, and what the answer says. */
final class Sending {
    private Sending() {}

    static void register(Map<String, Scenario> all) {
        all.put("ready", Sending::ready);
        all.put("topicFromNothing", Sending::topicFromNothing);
        all.put("sendSync", Sending::sendSync);
        all.put("sendAsync", Sending::sendAsync);
        all.put("sendOneWay", Sending::sendOneWay);
        all.put("sendBatch", Sending::sendBatch);
        all.put("selectQueue", Sending::selectQueue);
    }

    /** A SYNC_MASTER whose slave is still on its way answers SLAVE_NOT_AVAILABLE; the scenarios want SEND_OK. */
    private static void ready(Lab lab, Map<String, Object> facts) throws Exception {
        SendStatus[] last = {null};
        Expect.eventually("SEND_OK", 45, () -> {
            last[0] = lab.producer().send(lab.message(lab.topic("ready"), "Ready", 0)).getSendStatus();
            if (last[0] != SendStatus.SEND_OK) Thread.sleep(200);
            return last[0] == SendStatus.SEND_OK;
        }, () -> last[0]);
    }

    private static void topicFromNothing(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("fromNothing");
        MQClientException unknown = Expect.thrown("route of a topic nobody made", MQClientException.class,
            () -> lab.requests().getTopicRouteInfoFromNameServer(topic, Lab.TIMEOUT_MS));
        Expect.same("code for an unknown topic", ResponseCode.TOPIC_NOT_EXIST, unknown.getResponseCode());
        lab.send(lab.message(topic, "First", 0));
        long start = System.nanoTime();
        TopicRouteData[] route = {null};
        Expect.eventually("the new topic at the name server", 3, () -> {
            try {
                route[0] = lab.requests().getTopicRouteInfoFromNameServer(topic, Lab.TIMEOUT_MS);
                return true;
            } catch (MQClientException stillUnknown) {
                return false;
            }
        }, () -> "no route");
        facts.put("knownAfterMs", (System.nanoTime() - start) / 1_000_000);
        Expect.same("brokers with the topic", 1, route[0].getQueueDatas().size());
        QueueData queues = route[0].getQueueDatas().get(0);
        Expect.same("read queues", 4, queues.getReadQueueNums());
        Expect.same("write queues", 4, queues.getWriteQueueNums());
        Expect.same("permission", 6, queues.getPerm());
        Expect.same("cluster", "DefaultCluster", route[0].getBrokerDatas().get(0).getCluster());
        Expect.that(route[0].getBrokerDatas().get(0).getBrokerAddrs().keySet().equals(Set.of(0L, 1L)),
            "broker ids in the route: wanted 0 and 1, got " + route[0].getBrokerDatas().get(0).getBrokerAddrs());
    }

    private static void sendSync(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sync");
        lab.createTopic(topic); // takes offset 0 of queue 0
        long[] next = {1, 0, 0, 0};
        for (int n = 0; n < 40; n++) {
            Message message = lab.message(topic, "Sync", n);
            SendResult result = lab.producer().send(message);
            Sent sent = Lab.accepted(message, result);
            Expect.same("topic of the answer", topic, result.getMessageQueue().getTopic());
            Expect.same("region", "DefaultRegion", result.getRegionId());
            Expect.same("queue offset " + n, next[sent.queue().getQueueId()]++, sent.queueOffset());
            MessageExt stored = lab.producer().viewMessage(topic, sent.offsetMsgId());
            Expect.same("keys of the message at id " + sent.offsetMsgId(), message.getKeys(), stored.getKeys());
            Expect.that(Arrays.equals(message.getBody(), stored.getBody()), "body at id " + sent.offsetMsgId() + " differs");
        }
        Expect.that(Arrays.stream(next).allMatch(count -> count >= 3), "40 sends went to queues " + Arrays.toString(next));
    }

    private static void sendAsync(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("async");
        lab.createTopic(topic);
        List<CompletableFuture<Sent>> answers = new ArrayList<>();
        for (int n = 0; n < 200; n++) answers.add(sendAsync(lab, lab.message(topic, "Async", n)));
        Set<String> ids = new HashSet<>();
        for (CompletableFuture<Sent> answer : answers) ids.add(answer.get(Lab.TIMEOUT_MS, TimeUnit.MILLISECONDS).offsetMsgId());
        Expect.same("distinct offset message ids", 200, ids.size());
        Expect.same("messages stored", 201, lab.stored(topic));
    }

    static CompletableFuture<Sent> sendAsync(Lab lab, Message message) throws Exception {
        CompletableFuture<Sent> answer = new CompletableFuture<>();
        lab.producer().send(message, new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                try {
                    answer.complete(Lab.accepted(message, result));
                } catch (AssertionError refused) {
                    answer.completeExceptionally(refused);
                }
            }

            @Override
            public void onException(Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer;
    }

    private static void sendOneWay(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("oneWay");
        lab.createTopic(topic);
        for (int n = 0; n < 50; n++) lab.producer().sendOneway(lab.message(topic, "OneWay", n));
        Expect.eventually("50 one-way messages stored", 5, () -> lab.stored(topic) == 51, () -> lab.stored(topic) - 1);
    }

    private static void sendBatch(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("batch");
        MessageQueue queue = lab.createTopic(topic).get(1);
        List<Sent> sent = sendBatch(lab, topic, queue, 30);
        Expect.same("messages stored", 31, lab.stored(topic));
        Inbox inbox = new Inbox();
        PullAll.queue(lab, queue, 0, inbox);
        inbox.assertExactlyOnce(sent, 0);
    }

    /**
     * One request with many messages: consecutive places in one queue, an id each. A 5.x client gives the batch an id
     * of its own beside those of its messages, and a 4.x broker, Apache's as ours, stores that one with each of them.
     */
    static List<Sent> sendBatch(Lab lab, String topic, MessageQueue queue, int count) throws Exception {
        List<Message> batch = new ArrayList<>();
        for (int n = 0; n < count; n++) batch.add(lab.message(topic, n % 2 == 0 ? "BatchA" : "BatchB", n));
        SendResult result = lab.producer().send(batch, queue);
        Expect.same("status of a batch", SendStatus.SEND_OK, result.getSendStatus());
        String[] ids = result.getOffsetMsgId().split(",");
        Expect.same("ids in the answer to a batch", count, ids.length);
        long before = -1;
        List<Sent> sent = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            long logOffset = MessageDecoder.decodeMessageId(ids[n]).getOffset();
            Expect.that(logOffset > before, "id " + n + " of a batch names log offset " + logOffset + " after " + before);
            before = logOffset;
            if (Lab.CLIENT_5) MessageAccessor.clearProperty(batch.get(n), MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX);
            sent.add(new Sent(batch.get(n), result.getMessageQueue(), result.getQueueOffset() + n, ids[n]));
        }
        return sent;
    }

    private static void selectQueue(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("selected");
        List<MessageQueue> queues = lab.createTopic(topic);
        for (int n = 0; n < 100; n++) {
            Message message = lab.message(topic, "Selected", n);
            SendResult result = lab.producer().send(message, (all, one, wanted) ->
                all.stream().filter(queue -> queue.getQueueId() == (int) wanted).findFirst().orElseThrow(), 2);
            Sent sent = Lab.accepted(message, result);
            Expect.same("queue of a send to queue 2", 2, sent.queue().getQueueId());
            Expect.same("its queue offset", n, sent.queueOffset());
        }
        Expect.same("messages in queue 0", 1, lab.producer().maxOffset(queues.get(0)));
        Expect.same("messages in queue 1", 0, lab.producer().maxOffset(queues.get(1)));
        Expect.same("messages in queue 2", 100, lab.producer().maxOffset(queues.get(2)));
        Expect.same("messages in queue 3", 0, lab.producer().maxOffset(queues.get(3)));
    }
}
