package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageExt;

/** Conditions on properties: the broker decides, the client does not look again. */
final class Filtering {
    static final int MESSAGES = 60;
    static final String WANTED = "number BETWEEN 10 AND 39 AND colour = 'red' OR TAGS IN ('Last')";

    private Filtering() {}

    static void register(Map<String, Scenario> all) {
        all.put("sqlPush", Filtering::sqlPush);
        all.put("sqlRefused", Filtering::sqlRefused);
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

    static List<Sent> wanted(List<Sent> sent) {
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
