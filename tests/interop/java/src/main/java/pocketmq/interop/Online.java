package pocketmq.interop;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A producer and a consumer that are online and leave traces, for commands that look at such. The topic must be there.
 * Prints {@code sent N MSGID OFFSETMSGID} for each message, the last one in a transaction, and {@code ready} once all
 * are consumed, the second only at the second try; stays until it is ended.
 *
 *     java pocketmq.interop.Online NAMESRV TOPIC GROUP
 */
public final class Online {
    private static final int MESSAGES = 4;
    private static final int FAILS_ONCE = 1;
    private static final PrintStream OUT = System.out;

    private Online() {
    }

    public static void main(String[] args) throws Exception {
        System.setOut(System.err); // what the client prints is not ours
        String namesrv = args[0];
        String topic = args[1];
        String group = args[2];
        AtomicInteger consumed = new AtomicInteger();
        listen(namesrv, topic, group, consumed);
        DefaultMQProducer producer = start(new DefaultMQProducer(group + "Producers", true), namesrv, "producer");
        Expect.eventually("the topic's route", 20, () -> Commits.routed(producer, topic), () -> "none");
        for (int n = 0; n < MESSAGES; n++) {
            say(n, producer.send(message(topic, n), new MessageQueue(topic, "broker-a", 0)));
        }
        TransactionMQProducer transactions = new TransactionMQProducer(null, group + "Transactions", null, true, null);
        transactions.setTransactionListener(new Commits());
        start(transactions, namesrv, "transactions");
        say(MESSAGES, transactions.sendMessageInTransaction(message(topic, MESSAGES), null));
        Expect.eventually("all to be consumed", 60, () -> consumed.get() > MESSAGES, consumed::toString);
        OUT.println("ready");
        OUT.flush();
        Thread.sleep(Long.MAX_VALUE);
    }

    private static void listen(String namesrv, String topic, String group, AtomicInteger consumed) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group, true);
        consumer.setNamesrvAddr(namesrv);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName("online-consumer");
        consumer.setPollNameServerInterval(1_000);
        consumer.setHeartbeatBrokerInterval(1_000);
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeThreadMin(2);
        consumer.setConsumeThreadMax(2);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (got, context) -> {
            context.setDelayLevelWhenNextConsume(1);
            MessageExt first = got.get(0);
            if (("key-" + FAILS_ONCE).equals(first.getKeys()) && first.getReconsumeTimes() == 0) {
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
            consumed.addAndGet(got.size());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    private static <P extends DefaultMQProducer> P start(P producer, String namesrv, String instance) throws Exception {
        producer.setNamesrvAddr(namesrv);
        producer.setClientIP("127.0.0.1");
        producer.setInstanceName("online-" + instance);
        producer.setPollNameServerInterval(1_000);
        producer.setHeartbeatBrokerInterval(1_000);
        producer.setSendMsgTimeout(Lab.TIMEOUT_MS);
        producer.start();
        return producer;
    }

    private static Message message(String topic, int n) {
        return new Message(topic, n % 2 == 0 ? "A" : "B", "key-" + n, ("body " + n).getBytes(StandardCharsets.UTF_8));
    }

    private static void say(int n, SendResult sent) {
        OUT.println("sent " + n + " " + sent.getMsgId() + " " + sent.getOffsetMsgId());
        OUT.flush();
    }
}
