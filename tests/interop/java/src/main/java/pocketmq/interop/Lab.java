package pocketmq.interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Where a scenario runs: names that are its own, clients that end with it, and one producer all share. */
final class Lab implements AutoCloseable {
    static final int TIMEOUT_MS = 5_000;

    /** The client this was compiled against is of the 5.x line. */
    static final boolean CLIENT_5 = MQVersion.CURRENT_VERSION >= MQVersion.Version.V5_0_0.ordinal();

    private final String namesrv;
    private final String run;
    private final String scenario;
    private final DefaultMQProducer producer;
    private final List<Runnable> endings = new ArrayList<>();
    private int clients = 0;

    Lab(String namesrv, String run, String scenario, DefaultMQProducer producer) {
        this.namesrv = namesrv;
        this.run = run;
        this.scenario = scenario;
        this.producer = producer;
    }

    /** The producer of the whole run; big enough limits that refusals are the broker's. */
    static DefaultMQProducer startProducer(String namesrv, String run) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("PG_" + run);
        producer.setNamesrvAddr(namesrv);
        producer.setCreateTopicKey("TBW102"); // 4.3.0 alone has another default, which no broker knows
        producer.setInstanceName("producer-" + run);
        producer.setPollNameServerInterval(1_000);
        producer.setSendMsgTimeout(TIMEOUT_MS);
        producer.setMaxMessageSize(16 * 1024 * 1024);
        producer.start();
        return producer;
    }

    /** A topic of this run, known by its short name to every scenario. */
    String topic(String name) {
        return run + "-" + name;
    }

    /** A group only this scenario knows. */
    String group(String name) {
        return sharedGroup(scenario + "-" + name);
    }

    /** A group several scenarios of the run know. */
    String sharedGroup(String name) {
        return "G_" + run + "-" + name;
    }

    String namesrv() {
        return namesrv;
    }

    DefaultMQProducer producer() {
        return producer;
    }

    /** The client's own request layer, for what its public methods would refuse before it leaves. */
    MQClientAPIImpl requests() {
        return producer.getDefaultMQProducerImpl().getmQClientFactory().getMQClientAPIImpl();
    }

    /** The address the name server gives for broker `id` (0 = master) of a topic, or null. */
    String broker(String topic, long id) throws Exception {
        return requests().getTopicRouteInfoFromNameServer(topic, TIMEOUT_MS)
            .getBrokerDatas().get(0).getBrokerAddrs().get(id);
    }

    /** A group that is this scenario's own. */
    DefaultMQPushConsumer pushConsumer(String name) {
        return pushConsumerOf(group(name));
    }

    DefaultMQPushConsumer pushConsumerOf(String group) {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        consumer.setPollNameServerInterval(1_000);
        consumer.setPersistConsumerOffsetInterval(1_000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(4);
        consumer.setConsumeThreadMax(4);
        // Who knew no broker when it started, and 5.3.3 at any time, tells of itself only by the next one, after 30 s.
        consumer.setHeartbeatBrokerInterval(1_000);
        atEnd(consumer::shutdown);
        return consumer;
    }

    DefaultMQPullConsumer pullConsumer(String group) {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(group(group));
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(instance());
        atEnd(consumer::shutdown);
        return consumer;
    }

    /** A message that differs from every other of its topic in body, key and property. */
    Message message(String topic, String tag, int n) {
        Message message = new Message(topic, tag, "body " + n + " of " + topic, bytes("body " + n + " of " + topic));
        message.setKeys("key-" + n);
        message.putUserProperty("number", Integer.toString(n));
        message.putUserProperty("colour", n % 2 == 0 ? "red" : "blue");
        return message;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Sends and wants the full promise: stored, and on the slave where there is one. */
    Sent send(Message message) throws Exception {
        return accepted(message, producer.send(message));
    }

    Sent send(Message message, MessageQueue queue) throws Exception {
        return accepted(message, producer.send(message, queue));
    }

    static Sent accepted(Message message, SendResult result) {
        Expect.same("status of a send to " + message.getTopic(), SendStatus.SEND_OK, result.getSendStatus());
        return new Sent(message, result.getMessageQueue(), result.getQueueOffset(), result.getOffsetMsgId());
    }

    /** Sends messages 0 to count - 1 of a topic. */
    List<Sent> sendMany(String topic, String tag, int from, int to) throws Exception {
        List<Sent> sent = new ArrayList<>();
        for (int n = from; n < to; n++) sent.add(send(message(topic, tag, n)));
        return sent;
    }

    /** Creates the topic by a first message, sent to queue 0; returns its queues in order of their number. */
    List<MessageQueue> createTopic(String topic) throws Exception {
        Message first = new Message(topic, "Create", bytes("creates " + topic));
        accepted(first, producer.send(first, (all, message, none) -> all.stream().min(MessageQueue::compareTo).orElseThrow(), null));
        List<MessageQueue> queues = new ArrayList<>();
        Expect.eventually("queues of the new topic " + topic, 5, () -> {
            try {
                return queues.addAll(producer.fetchPublishMessageQueues(topic));
            } catch (MQClientException notYetRegistered) {
                return false;
            }
        }, () -> queues);
        queues.sort(null);
        return queues;
    }

    /** Sum of the next offsets of all queues of a topic: how many messages it got. */
    long stored(String topic) throws Exception {
        long sum = 0;
        Set<MessageQueue> queues = new HashSet<>(producer.fetchPublishMessageQueues(topic));
        for (MessageQueue queue : queues) sum += producer.maxOffset(queue);
        return sum;
    }

    /** A name that no other client of the run has. */
    String instance() {
        return run + "-" + scenario + "-" + clients++;
    }

    void atEnd(Runnable ending) {
        endings.add(ending);
    }

    @Override
    public void close() {
        for (int i = endings.size() - 1; i >= 0; i--) endings.get(i).run();
    }
}
