package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Conditions on properties: the broker decides, the client does not look again. */
final class Filtering {
    private static final int MESSAGES = 60;
    private static final String WANTED = "number BETWEEN 10 AND 39 AND colour = 'red' OR TAGS IN ('Last')";

    private Filtering() {}

    static void register(Map<String, Scenario> all) {
        all.put("sqlPush", Filtering::sqlPush);
        all.put("sqlRefused", Filtering::sqlRefused);
        all.put("sqlPull", Filtering::sqlPull);
        all.put("sqlTwoGroups", Filtering::sqlTwoGroups);
        all.put("sqlStock", Filtering::sqlStock);
        all.put("sqlAgain", Filtering::sqlAgain);
        all.put("sqlAgainElsewhere", Filtering::sqlAgain);
    }

    private static boolean wanted(Sent sent) {
        int number = Integer.parseInt(sent.message().getUserProperty("number"));
        return number >= 10 && number <= 39 && sent.message().getUserProperty("colour").equals("red")
            || sent.message().getTags().equals("Last");
    }

    private static List<Sent> wanted(List<Sent> sent) {
        return sent.stream().filter(Filtering::wanted).toList();
    }

    /** What was there before, and what comes while the consumer waits. */
    private static void sqlPush(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sql");
        List<Sent> sent = lab.sendMany(topic, "First", 0, MESSAGES);
        Inbox inbox = new Inbox();
        member(lab, lab.group("reader"), topic, WANTED, inbox);
        inbox.assertExactlyOnce(wanted(sent), 30);
        sent = new ArrayList<>(sent);
        sent.addAll(lab.sendMany(topic, "Other", MESSAGES, MESSAGES + 8));
        sent.addAll(lab.sendMany(topic, "Last", MESSAGES + 8, MESSAGES + 16));
        inbox.assertExactlyOnce(wanted(sent), 30);
    }

    private static void sqlRefused(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sql-refused");
        lab.createTopic(topic);
        DefaultMQPushConsumer consumer = lab.pushConsumer("wrong");
        consumer.subscribe(topic, MessageSelector.bySql("number >> 5"));
        consumer.registerMessageListener(new Inbox().concurrently("wrong"));
        MQClientException refused = Expect.thrown("start with an expression that is none", MQClientException.class, () -> {
            consumer.start();
            return null;
        });
        Expect.same("code of a check of an expression that is none", 23, refused.getResponseCode());
    }

    private static void sqlPull(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sql-pull");
        MessageQueue queue = lab.createTopic(topic).get(0);
        List<Sent> sent = new ArrayList<>();
        for (int n = 0; n < MESSAGES; n++) sent.add(lab.send(lab.message(topic, "Pulled", n), queue));
        DefaultMQPullConsumer consumer = lab.pullConsumer("puller");
        consumer.start();
        consumer.pull(queue, "*", 0, 1); // it knows the broker now
        var client = consumer.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory();
        // Only the answer to a heartbeat tells it that the broker can filter so; by itself it beats every 30 s.
        Expect.eventually("the client to know its broker's version", 35, () -> {
            client.sendHeartbeatToAllBrokerWithLock();
            return client.findBrokerVersion(queue.getBrokerName(), lab.broker(topic, 0)) > 0;
        }, () -> client.findBrokerVersion(queue.getBrokerName(), lab.broker(topic, 0)));
        PullResult found = consumer.pull(queue, MessageSelector.bySql(WANTED), 0, 100);
        Expect.same("status of a pull with matches", PullStatus.FOUND, found.getPullStatus());
        Inbox.assertExactlyOnce(wanted(sent), found.getMsgFoundList());
        PullResult none = consumer.pull(queue, MessageSelector.bySql("number > 1000"), 0, 100);
        Expect.same("status of a pull without", PullStatus.NO_MATCHED_MSG, none.getPullStatus());
        Expect.same("where it goes on", sent.get(MESSAGES - 1).queueOffset() + 1, none.getNextBeginOffset());
        Expect.thrown("a pull with an expression that is none", Exception.class,
            () -> consumer.pull(queue, MessageSelector.bySql("number >"), 0, 32));
    }

    /** Each group has its own expression for the same topic. */
    private static void sqlTwoGroups(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sql-two");
        List<Sent> sent = lab.sendMany(topic, "Both", 0, MESSAGES);
        Inbox low = new Inbox();
        Inbox high = new Inbox();
        member(lab, lab.group("low"), topic, "number < 20", low);
        member(lab, lab.group("high"), topic, "number >= 20", high);
        low.assertExactlyOnce(sent.subList(0, 20), 30);
        high.assertExactlyOnce(sent.subList(20, MESSAGES), 30);
    }

    /** For sqlAgain, which is another process. */
    private static void sqlStock(Lab lab, Map<String, Object> facts) throws Exception {
        lab.sendMany(lab.topic("sql-stock"), "Stock", 0, MESSAGES);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = member(lab, lab.sharedGroup("sql-first"), lab.topic("sql-stock"), WANTED, inbox);
        inbox.await(15, 30);
        consumer.shutdown();
    }

    /** On the slave of a dead master, or on the broker that took its store over. */
    private static void sqlAgain(Lab lab, Map<String, Object> facts) throws Exception {
        Inbox inbox = new Inbox();
        member(lab, lab.group("later"), lab.topic("sql-stock"), WANTED, inbox);
        inbox.await(15, 40);
        Thread.sleep(300);
        Set<String> numbers = inbox.all().stream().map(Inbox.Received::message)
            .map((MessageExt message) -> message.getUserProperty("number")).collect(Collectors.toSet());
        Expect.same("distinct messages", 15, numbers.size());
        Expect.same("messages", 15, inbox.size());
        Expect.that(numbers.stream().mapToInt(Integer::parseInt).allMatch(n -> n >= 10 && n < 40 && n % 2 == 0),
            "it got others: " + numbers);
    }

    private static DefaultMQPushConsumer member(Lab lab, String group, String topic, String sql, Inbox inbox) throws Exception {
        DefaultMQPushConsumer consumer = lab.pushConsumerOf(group);
        consumer.subscribe(topic, MessageSelector.bySql(sql));
        consumer.registerMessageListener(inbox.concurrently("sql"));
        consumer.start();
        return consumer;
    }
}
