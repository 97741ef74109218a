package pocketmq.interop;

import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;

/**
 * Asks a broker what no command of mqadmin 4.9.7 asks, by methods of the client's request layer that have the same
 * names in all versions. Prints what each is told, or refused with.
 *
 *     java pocketmq.interop.Asking NAMESRV BROKER OFFSETMSGID
 */
public final class Asking {
    private static final PrintStream OUT = System.out;

    private final MQClientAPIImpl requests;
    private final String broker;

    private Asking(MQClientAPIImpl requests, String broker) {
        this.requests = requests;
        this.broker = broker;
    }

    public static void main(String[] args) throws Exception {
        System.setOut(System.err); // what the client prints is not ours
        DefaultMQProducer producer = Lab.startProducer(args[0], "asking");
        try {
            MQClientAPIImpl requests = producer.getDefaultMQProducerImpl().getmQClientFactory().getMQClientAPIImpl();
            new Asking(requests, args[1]).askAll(args[2]);
        } finally {
            producer.shutdown();
        }
        OUT.flush();
        System.exit(0);
    }

    private void askAll(String messageId) {
        for (String group : new String[] {"LiveAway", "LiveGroup", "nobody"}) {
            ask("queryConsumeTimeSpan", "Live", group);
            ask("invokeBrokerToGetConsumerStatus", "Live", group, "");
            ask("invokeBrokerToGetConsumerStatus", "Live", group, null);
            // No group is left out: a Java broker forgets the offsets of those that are, for good.
            ask("queryCorrectionOffset", "Live", group, Set.of());
            ask("getConsumeStats", group, "Live");
            ask("getConsumeStats", group, "nowhere");
            ask("viewBrokerStatsData", "GROUP_GET_NUMS", "Live@" + group);
            ask("viewBrokerStatsData", "SNDBCK_PUT_NUMS", "Live@" + group);
            ask("consumeMessageDirectly", group, null, messageId);
        }
        ask("invokeBrokerToGetConsumerStatus", "Live", "LiveOrderly", "127.0.0.1@live-orderly");
        for (String topic : new String[] {"Live", "LiveOne", "nowhere"}) {
            ask("queryConsumeTimeSpan", topic, "LiveGroup");
            ask("queryTopicConsumeByWho", topic);
            ask("queryCorrectionOffset", topic, "LiveGroup", Set.of());
            ask("viewBrokerStatsData", "TOPIC_PUT_NUMS", topic);
            ask("viewBrokerStatsData", "TOPIC_PUT_SIZE", topic);
        }
        ask("getSystemTopicListFromBroker");
        ask("viewBrokerStatsData", "BROKER_PUT_NUMS", "DefaultCluster");
        ask("viewBrokerStatsData", "WHAT", "Live");
        OUT.println("== since 5.0");
        for (String topic : new String[] {"Live", "nowhere"}) ask("getTopicConfig", topic);
        for (String group : new String[] {"LiveGroup", "nobody"}) ask("getSubscriptionGroupConfig", group);
    }

    private void ask(String what, Object... words) {
        Object[] args = new Object[words.length + 2];
        args[0] = broker;
        System.arraycopy(words, 0, args, 1, words.length);
        args[args.length - 1] = (long) Lab.TIMEOUT_MS;
        OUT.println("== " + what + " " + Arrays.toString(words));
        for (Method method : MQClientAPIImpl.class.getMethods()) {
            if (!method.getName().equals(what) || method.getParameterCount() != args.length) continue;
            try {
                OUT.println(RemotingSerializable.toJson(settled(method.invoke(requests, args)), true));
                return;
            } catch (InvocationTargetException failure) {
                OUT.println(failure.getCause().getClass().getSimpleName() + ": " + failure.getCause().getMessage());
                return;
            } catch (IllegalArgumentException | IllegalAccessException otherTypes) {
                // one of the same name, for something else
            }
        }
        OUT.println("not in this client");
    }

    /**
     * The answer without what changes from moment to moment: a member that gave a queue to another has its offset
     * again for 5 s when its last pull of it comes back, so of many members' offsets this is who has some, and all.
     */
    private static Object settled(Object answer) {
        if (!(answer instanceof Map<?, ?> members) || !members.values().stream().allMatch(Map.class::isInstance)) return answer;
        Map<Object, Object> offsets = new TreeMap<>();
        for (Object one : members.values()) offsets.putAll((Map<?, ?>) one);
        return List.of(new TreeSet<>(members.keySet()), offsets);
    }
}
