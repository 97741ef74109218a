package pocketmq.interop;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.protocol.RequestCode;
import org.apache.rocketmq.common.protocol.ResponseCode;
import org.apache.rocketmq.common.protocol.header.PullMessageRequestHeader;
import org.apache.rocketmq.common.protocol.header.QueryConsumerOffsetRequestHeader;
import org.apache.rocketmq.common.sysflag.PullSysFlag;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/** Before and after the master's death; each scenario is its own process, so only names connect them. */
final class Failover {
    private static final int STOCK = 300;

    private Failover() {}

    static void register(Map<String, Scenario> all) {
        all.put("slaveRefusesSends", Failover::slaveRefusesSends);
        all.put("stock", Failover::stock);
        all.put("slaveServes", Failover::slaveServes);
        all.put("sendsFailWithoutMaster", Failover::sendsFailWithoutMaster);
    }

    private static void slaveRefusesSends(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("refused");
        lab.createTopic(topic);
        String slave = lab.broker(topic, 1);
        Expect.that(slave != null, "the route names no broker 1");
        RemotingCommand answer = Limits.sendRaw(lab, topic, slave);
        Expect.same("code of a send to the slave", ResponseCode.SERVICE_NOT_AVAILABLE, answer.getCode());
    }

    /** Puts messages there for slaveServes, and a group's progress; ends when the slave knows topic and progress. */
    private static void stock(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("stock");
        for (int n = 0; n < STOCK; n++) lab.send(numbered(topic, n));
        String group = lab.sharedGroup("survivor");
        DefaultMQPushConsumer consumer = lab.pushConsumerOf(group);
        Inbox inbox = consumed(consumer, topic, "*");
        inbox.await(STOCK, 10);
        String master = lab.broker(topic, 0);
        Expect.eventually("the master to know how far the group is", 5, () -> {
            consumer.getDefaultMQPushConsumerImpl().persistConsumerOffset(); // by itself not before 10 s
            return progress(lab, topic, group, master) == STOCK;
        }, () -> progress(lab, topic, group, master));
        consumer.shutdown();

        String slave = lab.broker(topic, 1);
        long start = System.nanoTime();
        Expect.eventually("the slave to know how far the group is", 20,
            () -> progress(lab, topic, group, slave) == STOCK, () -> progress(lab, topic, group, slave));
        facts.put("offsetsOnSlaveAfterMs", (System.nanoTime() - start) / 1_000_000);
        Expect.eventually("the slave to answer pulls of the topic", 20,
            () -> pullRaw(lab, topic, 0, slave).getCode() == ResponseCode.SUCCESS, () -> pullRaw(lab, topic, 0, slave));
        int readable = 0;
        for (int queue = 0; queue < 4; queue++) {
            readable += MessageDecoder.decodes(ByteBuffer.wrap(pullRaw(lab, topic, queue, slave).getBody())).size();
        }
        Expect.same("messages in one pull of 32 from each queue of the slave", 4 * 32, readable);
    }

    /** Sum of the offsets a broker knows of the group. */
    private static long progress(Lab lab, String topic, String group, String address) throws Exception {
        long sum = 0;
        for (int queue = 0; queue < 4; queue++) {
            QueryConsumerOffsetRequestHeader header = new QueryConsumerOffsetRequestHeader();
            header.setTopic(topic);
            header.setConsumerGroup(group);
            header.setQueueId(queue);
            try {
                sum += lab.requests().queryConsumerOffset(address, header, Lab.TIMEOUT_MS);
            } catch (MQBrokerException unknown) {
                Expect.same("code for an offset that is not known", ResponseCode.QUERY_NOT_FOUND, unknown.getResponseCode());
            }
        }
        return sum;
    }

    /** One pull of 32 from the start of a queue, at the given address and nowhere else. */
    private static RemotingCommand pullRaw(Lab lab, String topic, int queue, String address) throws Exception {
        PullMessageRequestHeader header = new PullMessageRequestHeader();
        header.setConsumerGroup(lab.group("raw"));
        header.setTopic(topic);
        header.setQueueId(queue);
        header.setQueueOffset(0L);
        header.setMaxMsgNums(32);
        header.setSysFlag(PullSysFlag.buildSysFlag(false, false, true, false));
        header.setCommitOffset(0L);
        header.setSuspendTimeoutMillis(0L);
        header.setSubscription("*");
        header.setSubVersion(0L);
        RemotingCommand request = RemotingCommand.createRequestCommand(RequestCode.PULL_MESSAGE, header);
        return lab.requests().getRemotingClient().invokeSync(address, request, Lab.TIMEOUT_MS);
    }

    private static Message numbered(String topic, int n) {
        return new Message(topic, n % 3 == 0 ? "Third" : "Other", "stock-" + n, Lab.bytes("stock " + n));
    }

    /** The master is dead: a consumer finds the slave by itself and gets every message that was answered SEND_OK. */
    private static void slaveServes(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("stock");
        Expect.eventually("the name server to know the slave only", 10, () -> lab.broker(topic, 0) == null, () -> lab.broker(topic, 0));
        Inbox all = consumed(lab.pushConsumer("all"), topic, "*");
        Inbox third = consumed(lab.pushConsumer("third"), topic, "Third");
        Inbox survivor = consumed(lab.pushConsumerOf(lab.sharedGroup("survivor")), topic, "*");
        all.await(STOCK, 20);
        third.await(STOCK / 3, 20);
        Thread.sleep(300);
        assertHolds(all, STOCK, 1);
        assertHolds(third, STOCK / 3, 3);
        Expect.same("messages for the group that had consumed all before", 0, survivor.size());
    }

    private static void assertHolds(Inbox inbox, int count, int step) {
        List<MessageExt> got = inbox.all().stream().map(Inbox.Received::message).toList();
        Set<String> bodies = new HashSet<>();
        for (MessageExt message : got) bodies.add(new String(message.getBody(), StandardCharsets.UTF_8));
        Expect.same("messages from the slave", count, got.size());
        for (int n = 0; n < STOCK; n += step) Expect.that(bodies.contains("stock " + n), "message " + n + " did not come from the slave");
    }

    private static Inbox consumed(DefaultMQPushConsumer consumer, String topic, String expression) throws Exception {
        Inbox inbox = new Inbox();
        consumer.subscribe(topic, expression);
        consumer.registerMessageListener(inbox.concurrently("all"));
        consumer.start();
        return inbox;
    }

    private static void sendsFailWithoutMaster(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("stock");
        MQClientException refused = Expect.thrown("a send without a master", MQClientException.class,
            () -> lab.producer().send(numbered(topic, STOCK)));
        facts.put("clientSays", refused.getErrorMessage());
        RemotingCommand answer = Limits.sendRaw(lab, topic, lab.broker(topic, 1));
        Expect.same("code of a send to the slave", ResponseCode.SERVICE_NOT_AVAILABLE, answer.getCode());
    }
}
