package pocketmq.interop;

import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.MessageQueue;

/** Reads a queue to its end by plain pulls, without a group's bookkeeping. */
final class PullAll {
    private PullAll() {}

    /** Everything from `from` on goes to the inbox, under the queue's number. */
    static void queue(Lab lab, MessageQueue queue, long from, Inbox inbox) throws Exception {
        DefaultMQPullConsumer consumer = lab.pullConsumer("pullAll");
        consumer.start();
        queue(consumer, queue, from, inbox);
    }

    static void queue(DefaultMQPullConsumer consumer, MessageQueue queue, long from, Inbox inbox) throws Exception {
        long at = from;
        for (;;) {
            PullResult result = consumer.pull(queue, "*", at, 32);
            if (result.getPullStatus() == PullStatus.NO_NEW_MSG) return;
            Expect.same("pull of queue " + queue.getQueueId() + " at " + at, PullStatus.FOUND, result.getPullStatus());
            Expect.same("next offset after " + result.getMsgFoundList().size() + " messages from " + at,
                at + result.getMsgFoundList().size(), result.getNextBeginOffset());
            inbox.add(Integer.toString(queue.getQueueId()), result.getMsgFoundList());
            at = result.getNextBeginOffset();
        }
    }
}
