package pocketmq.interop;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Transactions; the broker asks after 1 to 3 s. What becomes of a message stands in its body: "commit 1", "rollback
 * 2", and "later commit 3", "later rollback 4" only when the broker asks.
 */
final class Transacting {
    private static final int LEFT = 5;
    private static final String TAG = "A";

    private Transacting() {}

    static void register(Map<String, Scenario> all) {
        all.put("transactions", Transacting::transactions);
        all.put("transactionsAsked", Transacting::transactionsAsked);
        all.put("transactionsOtherProducer", Transacting::transactionsOtherProducer);
        all.put("transactionsLeft", Transacting::transactionsLeft);
        all.put("transactionsTakenOver", Transacting::transactionsTakenOver);
    }

    /** What is committed comes once, what is rolled back never. */
    private static void transactions(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("tx");
        lab.createTopic(topic);
        Inbox inbox = consumed(lab, topic);
        TransactionMQProducer producer = producer(lab, lab.group("tx"), new Said());
        for (int n = 0; n < 20; n++) {
            Message message = lab.message(topic, TAG, n);
            message.setBody(Lab.bytes((n % 2 == 0 ? "commit " : "rollback ") + n));
            TransactionSendResult result = producer.sendMessageInTransaction(message, null);
            Expect.same("topic of the answer", topic, result.getMessageQueue().getTopic());
        }
        inbox.await(10, 10);
        Thread.sleep(300);
        Expect.same("messages that came", 10, inbox.size());
        for (Inbox.Received one : inbox.all()) {
            MessageExt got = one.message();
            Expect.that(text(got).startsWith("commit "), "it was rolled back: " + text(got));
            Expect.same("topic", topic, got.getTopic());
            Expect.that(got.getPreparedTransactionOffset() >= 0, "prepared offset");
            Expect.same("transaction bits", 8, got.getSysFlag() & 12);
            Expect.same("id", got.getProperty(MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX), got.getMsgId());
        }
    }

    /** What its producer says nothing about is asked for, with the message as it was sent. */
    private static void transactionsAsked(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("asked");
        lab.createTopic(topic);
        Inbox inbox = consumed(lab, topic);
        Said said = new Said();
        TransactionMQProducer producer = producer(lab, lab.group("asked"), said);
        leave(lab, producer, topic, 0, 10);
        inbox.await(5, 20);
        Expect.eventually("all to be asked for", 10, () -> said.asked.size() >= 10, () -> said.asked.keySet());
        Thread.sleep(4_000);
        Expect.same("messages that came", 5, inbox.size());
        for (MessageExt asked : said.asked.values()) {
            Expect.same("topic of a question", topic, asked.getTopic());
            Expect.that(asked.getKeys().startsWith("key-"), "keys of a question: " + asked.getKeys());
            Expect.same("times of a question", "1", asked.getProperty(MessageConst.PROPERTY_TRANSACTION_CHECK_TIMES));
        }
    }

    /** A producer that is gone is not missed where its group has another. */
    private static void transactionsOtherProducer(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("other");
        lab.createTopic(topic);
        Inbox inbox = consumed(lab, topic);
        String group = lab.group("other");
        TransactionMQProducer first = producer(lab, group, new Said());
        leave(lab, first, topic, 0, 4);
        first.shutdown();
        Said said = new Said();
        meet(producer(lab, group, said), topic);
        inbox.await(2, 20);
        Expect.that(said.asked.size() >= 2, "the other producer was asked about " + said.asked.size());
        Thread.sleep(300);
        Expect.same("messages that came", 2, inbox.size());
    }

    /** Leaves some that are done and some that are not for another broker, or another life of this one. */
    private static void transactionsLeft(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("left");
        lab.createTopic(topic);
        TransactionMQProducer producer = producer(lab, lab.sharedGroup("left"), new Said() {
            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                return LocalTransactionState.UNKNOW;
            }
        });
        for (int n = 0; n < LEFT; n++) {
            for (String how : List.of("commit ", "rollback ")) {
                Message message = new Message(topic, TAG, Lab.bytes(how + n));
                producer.sendMessageInTransaction(message, null);
            }
        }
        leave(lab, producer, topic, 0, 2 * LEFT);
        Thread.sleep(Long.getLong("pocketmq.leaveMs", 0)); // asked about, and still not known
    }

    /** Gets what was committed, and ends what was left. */
    private static void transactionsTakenOver(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("left");
        Inbox inbox = consumed(lab, topic);
        Said said = new Said();
        meet(producer(lab, lab.sharedGroup("left"), said), topic);
        Set<String> wanted = new TreeSet<>();
        for (int n = 0; n < LEFT; n++) wanted.add("commit " + n);
        for (int n = 0; n < 2 * LEFT; n += 2) wanted.add("later commit " + n);
        Expect.eventually("committed messages to come", 30, () -> bodies(inbox).containsAll(wanted), () -> bodies(inbox));
        Expect.eventually("those to roll back to be asked for", 20, () -> said.asked.size() >= 2 * LEFT, () -> said.asked.keySet());
        Thread.sleep(4_000);
        Expect.same("messages that came", wanted, bodies(inbox));
        Expect.same("messages that came", wanted.size(), inbox.size());
        facts.put("asked", said.asked.size());
    }

    /** Does what bodies say. */
    private static class Said implements TransactionListener {
        final Map<String, MessageExt> asked = new ConcurrentHashMap<>();

        @Override
        public LocalTransactionState executeLocalTransaction(Message message, Object none) {
            String text = new String(message.getBody(), StandardCharsets.UTF_8);
            return text.startsWith("later ") ? LocalTransactionState.UNKNOW : state(text);
        }

        @Override
        public LocalTransactionState checkLocalTransaction(MessageExt message) {
            asked.putIfAbsent(text(message), message);
            return state(text(message).replace("later ", ""));
        }

        private static LocalTransactionState state(String text) {
            return text.startsWith("commit ") ? LocalTransactionState.COMMIT_MESSAGE : LocalTransactionState.ROLLBACK_MESSAGE;
        }
    }

    private static void leave(Lab lab, TransactionMQProducer producer, String topic, int from, int to) throws Exception {
        for (int n = from; n < to; n++) {
            Message message = lab.message(topic, TAG, n);
            message.setBody(Lab.bytes((n % 2 == 0 ? "later commit " : "later rollback ") + n));
            producer.sendMessageInTransaction(message, null);
        }
    }

    private static TransactionMQProducer producer(Lab lab, String group, TransactionListener listener) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer(group);
        producer.setNamesrvAddr(lab.namesrv());
        producer.setInstanceName(lab.instance());
        producer.setHeartbeatBrokerInterval(1_000);
        producer.setPollNameServerInterval(1_000);
        producer.setSendMsgTimeout(Lab.TIMEOUT_MS);
        producer.setTransactionListener(listener);
        producer.start();
        lab.atEnd(producer::shutdown);
        return producer;
    }

    /** A producer knows the brokers it sent to, and only these know it: other clients than 4.9's meet none at their start. */
    private static void meet(TransactionMQProducer producer, String topic) throws Exception {
        producer.send(new Message(topic, "Hello", Lab.bytes("hello")));
    }

    private static Inbox consumed(Lab lab, String topic) throws Exception {
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("consumer");
        consumer.subscribe(topic, TAG); // the message that made the topic has none
        consumer.registerMessageListener(inbox.concurrently("one"));
        consumer.start();
        return inbox;
    }

    private static Set<String> bodies(Inbox inbox) {
        Set<String> bodies = new TreeSet<>();
        for (Inbox.Received one : inbox.all()) bodies.add(text(one.message()));
        return bodies;
    }

    private static String text(MessageExt message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }
}
