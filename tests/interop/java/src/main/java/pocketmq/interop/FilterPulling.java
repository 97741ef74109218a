package pocketmq.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageQueue;

/** Pulls with a condition on properties; only the 4.9 client lets itself be asked what version its broker has. */
final class FilterPulling {
    private FilterPulling() {}

    static void register(Map<String, Scenario> all) {
        all.put("sqlPull", FilterPulling::sqlPull);
    }

    private static void sqlPull(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("sql-pull");
        MessageQueue queue = lab.createTopic(topic).get(0);
        List<Sent> sent = new ArrayList<>();
        for (int n = 0; n < Filtering.MESSAGES; n++) sent.add(lab.send(lab.message(topic, "Pulled", n), queue));
        DefaultMQPullConsumer consumer = lab.pullConsumer("puller");
        consumer.start();
        consumer.pull(queue, "*", 0, 1); // it knows the broker now
        var client = consumer.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory();
        // Only the answer to a heartbeat tells it that the broker can filter so; by itself it beats every 30 s.
        Expect.eventually("the client to know its broker's version", 35, () -> {
            client.sendHeartbeatToAllBrokerWithLock();
            return client.findBrokerVersion(queue.getBrokerName(), lab.broker(topic, 0)) > 0;
        }, () -> client.findBrokerVersion(queue.getBrokerName(), lab.broker(topic, 0)));
        PullResult found = consumer.pull(queue, MessageSelector.bySql(Filtering.WANTED), 0, 100);
        Expect.same("status of a pull with matches", PullStatus.FOUND, found.getPullStatus());
        Inbox.assertExactlyOnce(Filtering.wanted(sent), found.getMsgFoundList());
        PullResult none = consumer.pull(queue, MessageSelector.bySql("number > 1000"), 0, 100);
        Expect.same("status of a pull without", PullStatus.NO_MATCHED_MSG, none.getPullStatus());
        Expect.same("where it goes on", sent.get(Filtering.MESSAGES - 1).queueOffset() + 1, none.getNextBeginOffset());
        Expect.thrown("a pull with an expression that is none", Exception.class,
            () -> consumer.pull(queue, MessageSelector.bySql("number >"), 0, 32));
    }
}
