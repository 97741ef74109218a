package pocketmq.interop;

import java.io.PrintStream;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.admin.ConsumeStats;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.common.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Clients for an operator to look at, one of each kind, with messages that they have consumed. Names, keys, ids and
 * queues are the same in every run, so that what two clusters tell of them can be compared. Prints
 * {@code sent N OFFSETMSGID} for each message and {@code ready} once all is consumed and the brokers know; stays until
 * it is ended.
 *
 *     java pocketmq.interop.Live NAMESRV
 */
public final class Live {
    private static final String TOPIC = "Live";
    /** Of one queue: what is stored by a broker and not by its sender has one place only. */
    private static final String ONE = "LiveOne";
    private static final String PROBE = "LiveProbe";
    private static final int QUEUES = 4;
    private static final int MESSAGES = 20;
    /** This message of the twenty is given back once by whoever of LiveGroup gets it. */
    private static final int GIVEN_BACK = 7;
    private static final PrintStream OUT = System.out;

    private final String namesrv;
    private final DefaultMQAdminExt admin = new DefaultMQAdminExt();
    private String broker;

    private Live(String namesrv) {
        this.namesrv = namesrv;
    }

    public static void main(String[] args) throws Exception {
        System.setOut(System.err); // what the client prints is not ours
        try {
            new Live(args[0]).run();
            OUT.println("ready");
            OUT.flush();
            Thread.sleep(Long.MAX_VALUE);
        } catch (Exception | AssertionError error) {
            error.printStackTrace();
            System.exit(1); // what was started keeps the process alive
        }
    }

    private void run() throws Exception {
        admin.setNamesrvAddr(namesrv);
        admin.setInstanceName("live-admin");
        admin.start();
        Expect.eventually("the broker's address", 30, this::findBroker, () -> "none");
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(TOPIC, QUEUES, QUEUES, 6));
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(ONE, 1, 1, 6));
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(PROBE, 1, 1, 6));
        DefaultMQProducer producer = start(new DefaultMQProducer("LiveProducers"), "producer");
        TransactionMQProducer transactions = new TransactionMQProducer("LiveTransactions");
        transactions.setTransactionListener(new Commits());
        start(transactions, "transactions");
        Expect.eventually("the topic's route", 20, () -> Commits.routed(producer, TOPIC) && Commits.routed(producer, ONE) && Commits.routed(producer, PROBE), () -> "none");
        // A Java slave is there only seconds after its start, and a half that no slave has is rolled back.
        Message probe = new Message(PROBE, Lab.bytes("probe"));
        Expect.eventually("the slave", 40, () -> producer.send(probe).getSendStatus() == SendStatus.SEND_OK, () -> "away");
        for (int n = 0; n < MESSAGES; n++) {
            say(n, producer.send(message(TOPIC, n), new MessageQueue(TOPIC, "broker-a", n % QUEUES)));
        }
        Message delayed = message(ONE, MESSAGES);
        delayed.setDelayTimeLevel(1);
        say(MESSAGES, producer.send(delayed));
        Expect.eventually("the delayed message", 20, () -> stored(producer) == 1, () -> stored(producer));
        say(MESSAGES + 1, transactions.sendMessageInTransaction(message(ONE, MESSAGES + 1), null));
        Expect.eventually("the end of the transaction", 20, () -> stored(producer) == 2, () -> stored(producer));
        say(MESSAGES + 2, producer.send(message(ONE, MESSAGES + 2)));
        consume(producer);
    }

    /** A first request on a busy machine may be on a connection that another thread of the client replaces. */
    private boolean findBroker() {
        try {
            broker = admin.examineBrokerClusterInfo().getBrokerAddrTable().get("broker-a").getBrokerAddrs().get(0L);
            return true;
        } catch (Exception notYet) {
            return false;
        }
    }

    private static long stored(DefaultMQProducer producer) throws Exception {
        return producer.maxOffset(new MessageQueue(ONE, "broker-a", 0));
    }

    private void consume(DefaultMQProducer producer) throws Exception {
        // Made by the first heartbeat, too, but who does not know its route by then waits 20 s to read from it.
        for (String group : List.of("LiveGroup", "LiveOrderly", "LiveSql", "LiveAway")) {
            admin.createAndUpdateTopicConfig(broker, new TopicConfig("%RETRY%" + group, 1, 1, 6));
        }
        Expect.eventually("routes of retries", 20, () -> Commits.routed(producer, "%RETRY%LiveAway"), () -> "none");
        listen("LiveGroup", "first", MessageModel.CLUSTERING, MessageSelector.byTag("*"), false);
        listen("LiveBroadcast", "broadcast", MessageModel.BROADCASTING, MessageSelector.byTag("*"), false);
        listen("LiveOrderly", "orderly", MessageModel.CLUSTERING, MessageSelector.byTag("A || B"), true);
        listen("LiveSql", "sql", MessageModel.CLUSTERING, MessageSelector.bySql("number > 9"), false);
        for (int queue = 0; queue < QUEUES; queue++) { // a group that was there, and is at different places
            admin.updateConsumeOffset(broker, "LiveAway", new MessageQueue(TOPIC, "broker-a", queue), queue);
        }
        Expect.eventually("all to be consumed", 60, () -> isConsumed("LiveGroup") && isConsumed("LiveOrderly") && isConsumed("LiveSql"),
            () -> lag("LiveGroup") + ", " + lag("LiveOrderly") + " and " + lag("LiveSql"));
        // Had it come before, a message could have been handled by both, while queues went from one to the other.
        listen("LiveGroup", "second", MessageModel.CLUSTERING, MessageSelector.byTag("*"), false);
        Expect.eventually("the second to have its share", 20, () -> shares("first") == QUEUES / 2 && shares("second") == QUEUES / 2,
            () -> shares("first") + " and " + shares("second"));
        admin.shutdown();
    }

    /** How many queues that member of LiveGroup pulls. */
    private int shares(String instance) throws Exception {
        ConsumerRunningInfo told = admin.getConsumerRunningInfo("LiveGroup", "127.0.0.1@live-" + instance, false);
        return (int) told.getMqTable().keySet().stream().filter(queue -> queue.getTopic().equals(TOPIC)).count();
    }

    /** Nothing is left, and the queue of retries has been served, too. */
    private boolean isConsumed(String group) {
        try {
            ConsumeStats stats = admin.examineConsumeStats(group);
            long retried = stats.getOffsetTable().entrySet().stream()
                .filter(each -> each.getKey().getTopic().startsWith("%RETRY%"))
                .mapToLong(each -> each.getValue().getConsumerOffset()).sum();
            return retried == (group.equals("LiveGroup") ? 1 : 0) && stats.computeTotalDiff() == 0
                && stats.getOffsetTable().size() == QUEUES + 1;
        } catch (Exception notYet) {
            return false;
        }
    }

    private String lag(String group) {
        try {
            return admin.examineConsumeStats(group).getOffsetTable().toString();
        } catch (Exception none) {
            return none.toString();
        }
    }

    private <P extends DefaultMQProducer> P start(P producer, String instance) throws Exception {
        producer.setNamesrvAddr(namesrv);
        producer.setClientIP("127.0.0.1");
        producer.setInstanceName("live-" + instance);
        producer.setPollNameServerInterval(1_000);
        producer.setHeartbeatBrokerInterval(1_000);
        producer.setSendMsgTimeout(Lab.TIMEOUT_MS);
        producer.start();
        return producer;
    }

    /** The orderly one is traced, too. */
    private void listen(String group, String instance, MessageModel model, MessageSelector wanted, boolean orderly) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group, orderly);
        consumer.setNamesrvAddr(namesrv);
        consumer.setClientIP("127.0.0.1");
        consumer.setInstanceName("live-" + instance);
        consumer.setPollNameServerInterval(1_000);
        consumer.setHeartbeatBrokerInterval(1_000);
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setMessageModel(model);
        consumer.setConsumeThreadMin(2);
        consumer.setConsumeThreadMax(2);
        consumer.subscribe(TOPIC, wanted);
        if (orderly) consumer.registerMessageListener((MessageListenerOrderly) (got, context) -> ConsumeOrderlyStatus.SUCCESS);
        else consumer.registerMessageListener((MessageListenerConcurrently) (got, context) -> {
            boolean back = group.equals("LiveGroup") && got.stream().anyMatch(Live::isGivenBack);
            context.setDelayLevelWhenNextConsume(1);
            return back ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    private static boolean isGivenBack(MessageExt message) {
        return String.valueOf(message.getKeys()).startsWith("key-" + GIVEN_BACK + " ") && message.getReconsumeTimes() == 0;
    }

    private static Message message(String topic, int n) {
        Message message = new Message(topic, n % 2 == 0 ? "A" : "B", "key-" + n + " all", Lab.bytes("body " + n));
        message.putUserProperty("number", Integer.toString(n));
        // address, process, loader, time, count: an id as a client makes it in the first moment of a month
        MessageAccessor.putProperty(message, MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX, String.format("7F00000100010000000100000000%04X", n));
        return message;
    }

    private static void say(int n, SendResult sent) {
        Expect.same("status of message " + n, SendStatus.SEND_OK, sent.getSendStatus());
        OUT.println("sent " + n + " " + sent.getOffsetMsgId());
        OUT.flush();
    }
}
