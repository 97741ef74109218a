package pocketmq.interop;

import java.util.Arrays;
import java.util.Map;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** A message and what the broker answered; a one-way send has no queue and no ids of the broker. */
record Sent(Message message, MessageQueue queue, long queueOffset, String offsetMsgId) {
    static Sent oneWay(Message message) {
        return new Sent(message, null, -1, null);
    }

    /** The id the client gave it, which survives the way; null in a batch of a 5.x client, see {@link Sending#sendBatch}. */
    String id() {
        return MessageClientIDSetter.getUniqID(message);
    }

    /** The id of its place, or, where the broker told none, the client's. */
    String knownBy() {
        return offsetMsgId != null ? offsetMsgId : id();
    }

    /** What arrived is what was sent, in every part a consumer can see. */
    void assertIs(MessageExt got) {
        String name = message.getTopic() + " " + message.getKeys();
        if (id() != null) Expect.same("msgId of " + name, id(), got.getMsgId());
        Expect.same("topic of " + name, message.getTopic(), got.getTopic());
        Expect.that(Arrays.equals(message.getBody(), got.getBody()), "body of " + name + " of "
            + message.getBody().length + " bytes came back as other " + got.getBody().length + " bytes");
        Expect.same("tags of " + name, message.getTags(), got.getTags());
        Expect.same("keys of " + name, message.getKeys(), got.getKeys());
        Expect.same("flag of " + name, message.getFlag(), got.getFlag());
        for (Map.Entry<String, String> property : message.getProperties().entrySet()) {
            if (property.getKey().equals(MessageConst.PROPERTY_WAIT_STORE_MSG_OK)) continue; // the broker takes it out
            Expect.same("property " + property.getKey() + " of " + name, property.getValue(), got.getProperty(property.getKey()));
        }
        Expect.same("property CLUSTER of " + name, "DefaultCluster", got.getProperty("CLUSTER"));
        Expect.same("reconsumeTimes of " + name, 0, got.getReconsumeTimes());
        Expect.that(got.getStoreTimestamp() >= got.getBornTimestamp() - 1_000, name + " was stored before it was born");
        if (queue == null) return;
        Expect.same("queue of " + name, queue.getQueueId(), got.getQueueId());
        Expect.same("queue offset of " + name, queueOffset, got.getQueueOffset());
        Expect.same("offset message id of " + name, offsetMsgId, ((MessageClientExt) got).getOffsetMsgId());
    }
}
