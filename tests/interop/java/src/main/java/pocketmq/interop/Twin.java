package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * The same data for every cluster it is run against: topics, messages in known queues with known keys and ids, one
 * group that is online and one that was. Arguments: name server, broker to make the topics on. Prints a line when all
 * is there and stays online until its stdin ends.
 */
public final class Twin {
    private static final int QUEUES = 4;
    private static final int MESSAGES = 12;

    private Twin() {}

    public static void main(String[] args) {
        try {
            String namesrv = args[0];
            makeTopics(namesrv, args[1]);
            DefaultMQProducer producer = sendAll(namesrv);
            DefaultMQPushConsumer online = consumeAll(namesrv);
            readSome(namesrv);
            System.out.println("filled");
            while (System.in.read() >= 0) continue;
            online.shutdown();
            producer.shutdown();
            System.exit(0);
        } catch (Exception | AssertionError error) {
            error.printStackTrace();
            System.exit(1); // what was started keeps the process alive
        }
    }

    private static void makeTopics(String namesrv, String broker) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(namesrv);
        admin.setInstanceName("twin-admin");
        admin.start();
        admin.createAndUpdateTopicConfig(broker, new TopicConfig("twin-orders", QUEUES, QUEUES, 6));
        admin.createAndUpdateTopicConfig(broker, new TopicConfig("twin-empty", 8, 8, 6));
        admin.shutdown();
    }

    /**
     * Message n lies in queue n % QUEUES, at n / QUEUES. A Java slave is there only seconds after its start, so any
     * answer that means "stored" will do.
     */
    private static DefaultMQProducer sendAll(String namesrv) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("twin-producers");
        producer.setNamesrvAddr(namesrv);
        producer.setClientIP("127.0.0.1");
        producer.setInstanceName("twin-producer");
        producer.setSendMsgTimeout(10_000);
        producer.start();
        for (int n = 0; n < MESSAGES; n++) {
            Message message = new Message("twin-orders", n % 2 == 0 ? "Even" : "Odd", Lab.bytes("order number " + n));
            message.setKeys("order-" + n + " shared");
            message.putUserProperty("colour", n % 2 == 0 ? "red" : "blue");
            set(message, MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX, uniqueId(n));
            producer.send(message, new MessageQueue("twin-orders", "broker-a", n % QUEUES));
        }
        return producer;
    }

    /** What a client on 127.0.0.1 would have made, but the same in every run. */
    private static String uniqueId(int n) {
        return String.format("7F000001000130946E09%08X%04X", 0x01000000, n);
    }

    private static void set(Message message, String property, String value) throws Exception {
        var setter = Message.class.getDeclaredMethod("putProperty", String.class, String.class);
        setter.setAccessible(true);
        setter.invoke(message, property, value);
    }

    private static DefaultMQPushConsumer consumeAll(String namesrv) throws Exception {
        CountDownLatch left = new CountDownLatch(MESSAGES);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("twin-online");
        consumer.setNamesrvAddr(namesrv);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName("twin-consumer");
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe("twin-orders", "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> left.countDown());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        if (!left.await(30, TimeUnit.SECONDS)) throw new IllegalStateException(left.getCount() + " messages did not arrive");
        return consumer;
    }

    /** Of each queue the first message is read and its offset committed; then the group is gone. */
    private static void readSome(String namesrv) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer("twin-offline");
        consumer.setNamesrvAddr(namesrv);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName("twin-reader");
        consumer.start();
        Set<MessageQueue> queues = consumer.fetchSubscribeMessageQueues("twin-orders");
        List<MessageQueue> inOrder = new ArrayList<>(queues);
        inOrder.sort(null);
        for (MessageQueue queue : inOrder) {
            PullResult result = consumer.pull(queue, "*", 0, 1);
            Expect.same("status of a pull of " + queue, PullStatus.FOUND, result.getPullStatus());
            consumer.getDefaultMQPullConsumerImpl().updateConsumeOffset(queue, result.getNextBeginOffset());
        }
        consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persistAll(queues);
        for (MessageQueue queue : inOrder) { // nothing answers a commit, and one that is on its way ends with its client
            Expect.eventually("the offset of " + queue, 20, () -> consumer.fetchConsumeOffset(queue, true) == 1, () -> "");
        }
        consumer.shutdown();
    }
}
