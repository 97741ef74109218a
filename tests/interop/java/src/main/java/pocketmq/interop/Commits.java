package pocketmq.interop;

import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Commits every transaction, and every one that a broker asks for. */
final class Commits implements TransactionListener {
    @Override
    public LocalTransactionState executeLocalTransaction(Message half, Object none) {
        return LocalTransactionState.COMMIT_MESSAGE;
    }

    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt half) {
        return LocalTransactionState.COMMIT_MESSAGE;
    }

    /** Whether the producer finds a topic's queues: its first transaction would wait for them. */
    static boolean routed(DefaultMQProducer producer, String topic) {
        try {
            return !producer.fetchPublishMessageQueues(topic).isEmpty();
        } catch (Exception notYet) {
            return false;
        }
    }
}
