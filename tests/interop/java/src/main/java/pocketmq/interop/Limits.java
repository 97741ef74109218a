package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.protocol.RequestCode;
import org.apache.rocketmq.common.protocol.ResponseCode;
import org.apache.rocketmq.common.protocol.header.SendMessageRequestHeader;
import org.apache.rocketmq.common.protocol.header.SendMessageRequestHeaderV2;
import org.apache.rocketmq.common.sysflag.MessageSysFlag;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/** The largest, the longest and the strangest that must pass, and one step further. */
final class Limits {
    private static final int MIB = 1024 * 1024;

    private Limits() {}

    static void register(Map<String, Scenario> all) {
        all.put("largeBodies", Limits::largeBodies);
        all.put("compressedBodies", Limits::compressedBodies);
        all.put("bodyTooLarge", Limits::bodyTooLarge);
        all.put("unicode", Limits::unicode);
        all.put("longestTopic", Limits::longestTopic);
        all.put("topicNameRefused", Limits::topicNameRefused);
        all.put("propertiesTooLong", Limits::propertiesTooLong);
    }

    /** Bytes that no compression makes smaller. */
    private static byte[] noise(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void largeBodies(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("large");
        List<Sent> sent = new ArrayList<>();
        for (int size : new int[] {1, 4095, 4096, 4097, 65_536, MIB, 39 * MIB / 10, MIB}) {
            sent.add(lab.send(new Message(topic, "Large", "size-" + size, noise(size, size))));
        }
        consumed(lab, topic).assertExactlyOnce(sent, 20);
    }

    private static Inbox consumed(Lab lab, String topic) throws Exception {
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer(topic.length() > 100 ? "long" : topic);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(inbox.concurrently("all"));
        consumer.start();
        return inbox;
    }

    /** From 4 KiB on the client compresses; the broker keeps what it got, and says so in the flags. */
    private static void compressedBodies(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("compressed");
        List<Sent> sent = new ArrayList<>();
        for (int size : new int[] {4096, 100_000, 3 * MIB}) {
            sent.add(lab.send(new Message(topic, "Text", "size-" + size, Lab.bytes("pocket ".repeat(size / 7 + 1)))));
        }
        Inbox inbox = consumed(lab, topic);
        inbox.assertExactlyOnce(sent, 10);
        for (Inbox.Received one : inbox.all()) {
            MessageExt message = one.message();
            Expect.that(message.getStoreSize() < 20_000, message.getKeys() + " takes " + message.getStoreSize() + " bytes of the log");
            if (Lab.CLIENT_5) continue; // it takes the flag out when it has unpacked the body
            Expect.same("compression flag of " + message.getKeys(), MessageSysFlag.COMPRESSED_FLAG,
                message.getSysFlag() & MessageSysFlag.COMPRESSED_FLAG);
        }
    }

    private static void bodyTooLarge(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("tooLarge");
        lab.createTopic(topic);
        Message message = new Message(topic, noise(4 * MIB + 65_536, 1));
        MQBrokerException refused = Expect.thrown("a body above 4 MiB", MQBrokerException.class, () -> lab.producer().send(message));
        Expect.same("code for a body above 4 MiB", ResponseCode.MESSAGE_ILLEGAL, refused.getResponseCode());
        Expect.same("messages stored", 1, lab.stored(topic));
        lab.send(lab.message(topic, "Fits", 0)); // and the connection still serves
        Expect.same("messages stored after the next one", 2, lab.stored(topic));
    }

    private static void unicode(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("unicode");
        List<Sent> sent = new ArrayList<>();
        String[] texts = {"grüße", "ключ", "鍵と錠", "🔑🗝️", "مفتاح", "line\nbreak\tand \"quotes\" \\ {json}", "\u0000\u0003 control"};
        for (String text : texts) {
            Message message = new Message(topic, "Tag" + text.replaceAll("[|\\s]", ""), Lab.bytes("body " + text));
            message.setKeys(List.of(text.replaceAll("\\s", "-"), "second-" + sent.size()));
            message.putUserProperty("größe", text);
            message.putUserProperty("鍵", "値=" + text);
            sent.add(lab.send(message));
        }
        Inbox inbox = consumed(lab, topic);
        inbox.assertExactlyOnce(sent, 10);
    }

    private static void longestTopic(Lab lab, Map<String, Object> facts) throws Exception {
        String start = lab.topic("longest-%|_");
        String topic = start + "x".repeat(127 - start.length());
        List<Sent> sent = lab.sendMany(topic, "Long", 0, 8);
        consumed(lab, topic).assertExactlyOnce(sent, 10);
    }

    /** Names the client itself refuses are sent past it: the broker must refuse them too, by code 1. */
    private static void topicNameRefused(Lab lab, Map<String, Object> facts) throws Exception {
        String tooLong = "x".repeat(128);
        MQClientException refused = Expect.thrown("a topic of 128 characters", MQClientException.class,
            () -> lab.producer().send(new Message(tooLong, Lab.bytes("never"))));
        facts.put("clientSays", refused.getErrorMessage());
        for (String topic : List.of(tooLong, "x".repeat(255), "no spaces", "no/slash", "..", "größe")) {
            RemotingCommand answer = sendRaw(lab, topic, lab.broker("TBW102", 0));
            Expect.same("code for topic \"" + topic + "\"", ResponseCode.SYSTEM_ERROR, answer.getCode());
            Expect.that(answer.getRemark() != null && !answer.getRemark().isBlank(), "no remark for topic \"" + topic + '"');
        }
    }

    /** One send request as the client would make it, to any topic at any address. */
    static RemotingCommand sendRaw(Lab lab, String topic, String address) throws Exception {
        SendMessageRequestHeader header = new SendMessageRequestHeader();
        header.setProducerGroup("PG_raw");
        header.setTopic(topic);
        header.setDefaultTopic("TBW102");
        header.setDefaultTopicQueueNums(4);
        header.setQueueId(0);
        header.setSysFlag(0);
        header.setBornTimestamp(System.currentTimeMillis());
        header.setFlag(0);
        header.setReconsumeTimes(0);
        RemotingCommand request = RemotingCommand.createRequestCommand(RequestCode.SEND_MESSAGE_V2,
            SendMessageRequestHeaderV2.createSendMessageRequestHeaderV2(header));
        request.setBody(Lab.bytes("raw"));
        return lab.requests().getRemotingClient().invokeSync(address, request, Lab.TIMEOUT_MS);
    }

    private static void propertiesTooLong(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("properties");
        Message fits = lab.message(topic, "Fits", 0);
        fits.putUserProperty("long", "p".repeat(32_000));
        Sent sent = lab.send(fits);
        Message message = lab.message(topic, "TooLong", 1);
        message.putUserProperty("long", "p".repeat(32_768));
        MQBrokerException refused = Expect.thrown("properties above 32767 bytes", MQBrokerException.class, () -> lab.producer().send(message));
        Expect.same("code for properties above 32767 bytes", ResponseCode.MESSAGE_ILLEGAL, refused.getResponseCode());
        consumed(lab, topic).assertExactlyOnce(List.of(sent), 10);
    }
}
