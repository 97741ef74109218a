package pocketmq.interop;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Requests that consumers answer. */
final class Requesting {
    private Requesting() {}

    static void register(Map<String, Scenario> all) {
        all.put("request", Requesting::request);
        all.put("requestAsync", Requesting::requestAsync);
        all.put("requestUnanswered", Requesting::requestUnanswered);
        all.put("serveRequests", Requesting::serveRequests);
        all.put("requestServed", Requesting::requestServed);
    }

    private static void request(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("request");
        lab.createTopic(topic);
        answering(lab, topic);
        for (int n = 0; n < 10; n++) {
            Message message = lab.message(topic, "A", n);
            Message answer = asker(lab).request(message, 20_000);
            Expect.same("answer", "re: body " + n + " of " + topic, new String(answer.getBody(), StandardCharsets.UTF_8));
        }
    }

    private static void requestAsync(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("requestAsync");
        lab.createTopic(topic);
        answering(lab, topic);
        CompletableFuture<Message> answered = new CompletableFuture<>();
        asker(lab).request(lab.message(topic, "A", 1), new RequestCallback() {
            @Override
            public void onSuccess(Message answer) {
                if (answer != null) answered.complete(answer); // 4.9.7 calls it when the request was sent, too
            }

            @Override
            public void onException(Throwable failure) {
                answered.completeExceptionally(failure);
            }
        }, 20_000);
        Message answer = answered.get(25, TimeUnit.SECONDS);
        Expect.same("answer", "re: body 1 of " + topic, new String(answer.getBody(), StandardCharsets.UTF_8));
    }

    private static void requestUnanswered(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("requestUnanswered");
        lab.createTopic(topic);
        Expect.thrown("a request that nobody answers", RequestTimeoutException.class,
            () -> asker(lab).request(lab.message(topic, "A", 1), 1_500));
    }

    /** Answers whoever asks, for a while: another client is tested. */
    private static void serveRequests(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("serve");
        lab.createTopic(topic);
        Inbox inbox = answering(lab, topic);
        inbox.await(5, 50);
        Thread.sleep(1_000);
    }

    /** Asks another client that answers. */
    private static void requestServed(Lab lab, Map<String, Object> facts) throws Exception {
        String topic = lab.topic("served");
        lab.createTopic(topic);
        for (int n = 0; n < 5; n++) {
            Message answer = asker(lab).request(lab.message(topic, "A", n), 25_000);
            Expect.same("answer", "re: body " + n + " of " + topic, new String(answer.getBody(), StandardCharsets.UTF_8));
        }
    }

    private static DefaultMQProducer asker;

    private static synchronized DefaultMQProducer asker(Lab lab) throws Exception {
        if (asker != null) return asker;
        DefaultMQProducer producer = new DefaultMQProducer(lab.sharedGroup("asker"));
        producer.setNamesrvAddr(lab.namesrv());
        producer.setInstanceName(lab.instance());
        producer.setHeartbeatBrokerInterval(1_000);
        producer.start();
        return asker = producer;
    }

    private static Inbox answering(Lab lab, String topic) throws Exception {
        DefaultMQProducer replier = new DefaultMQProducer(lab.group("replier"));
        replier.setNamesrvAddr(lab.namesrv());
        replier.setInstanceName(lab.instance());
        replier.start();
        lab.atEnd(replier::shutdown);
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = lab.pushConsumer("answering");
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                try {
                    byte[] body = Lab.bytes("re: " + new String(message.getBody(), StandardCharsets.UTF_8));
                    replier.send(MessageUtil.createReplyMessage(message, body));
                } catch (Exception failure) {
                    throw new IllegalStateException(failure);
                }
            }
            inbox.add("answering", List.copyOf(messages));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        return inbox;
    }
}
