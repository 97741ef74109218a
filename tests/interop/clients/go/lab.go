package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// lab is where a scenario runs: names that are its own, and clients that end with it.
type lab struct {
	namesrv, run, scenario string
	clients                int
	endings                []func()
	producer               rocketmq.Producer
	asked                  admin.Admin
	facts                  map[string]any // what the scenario saw, for its line
}

func newLab(namesrv, run, scenario string) *lab {
	return &lab{namesrv: namesrv, run: run, scenario: scenario, facts: map[string]any{}}
}

func (l *lab) close() {
	for i := len(l.endings) - 1; i >= 0; i-- {
		l.endings[i]()
	}
}

func (l *lab) atEnd(ending func()) { l.endings = append(l.endings, ending) }

func (l *lab) topic(name string) string { return l.run + "-" + name }

func (l *lab) group(name string) string { return "G_" + l.run + "-" + l.scenario + "-" + name }

func (l *lab) resolver() primitive.NsResolver {
	return primitive.NewPassthroughResolver([]string{l.namesrv})
}

// instance is a name that no other client of the run has; clients of one name share connections and consumers.
func (l *lab) instance() string {
	l.clients++
	return fmt.Sprintf("%s-%s-%d", l.run, l.scenario, l.clients)
}

// sender is the scenario's producer. It sends to the queue that a message names, else to one after another.
func (l *lab) sender() rocketmq.Producer {
	if l.producer == nil {
		l.producer = l.newProducer(producer.WithQueueSelector(&namedOrNext{next: producer.NewRoundRobinQueueSelector()}))
	}
	return l.producer
}

func (l *lab) newProducer(more ...producer.Option) rocketmq.Producer {
	options := append([]producer.Option{
		producer.WithNsResolver(l.resolver()),
		producer.WithGroupName("PG_" + l.run),
		producer.WithInstanceName(l.instance()),
		producer.WithSendMsgTimeout(5 * time.Second),
	}, more...)
	made, err := rocketmq.NewProducer(options...)
	must("a new producer", err)
	must("start of a producer", made.Start())
	l.atEnd(func() { must("end of a producer", made.Shutdown()) })
	return made
}

type namedOrNext struct{ next producer.QueueSelector }

func (s *namedOrNext) Select(message *primitive.Message, queues []*primitive.MessageQueue, last string) *primitive.MessageQueue {
	if message.Queue == nil {
		return s.next.Select(message, queues, last)
	}
	for _, queue := range queues {
		if queue.QueueId == message.Queue.QueueId {
			return queue
		}
	}
	return nil
}

func (l *lab) admin() admin.Admin {
	if l.asked != nil {
		return l.asked
	}
	made, err := admin.NewAdmin(admin.WithResolver(l.resolver()))
	must("a new admin", err)
	l.atEnd(func() { must("end of an admin", made.Close()) })
	l.asked = made
	return made
}

// consumer is a push consumer of the scenario's group of that name; start it after it subscribed.
func (l *lab) consumer(group string, more ...consumer.Option) rocketmq.PushConsumer {
	options := append([]consumer.Option{
		consumer.WithNsResolver(l.resolver()),
		consumer.WithGroupName(l.group(group)),
		consumer.WithInstance(l.instance()),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		consumer.WithRebalanceLockInterval(2 * time.Second),
	}, more...)
	made, err := rocketmq.NewPushConsumer(options...)
	must("a new push consumer", err)
	return made
}

type handler = func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error)

// start subscribes and starts a consumer, and gives what ends it before the scenario does. The client wants a topic
// that name servers know; of one made by a send they hear a moment later.
func (l *lab) start(one rocketmq.PushConsumer, topic string, selector consumer.MessageSelector, body handler) (end func()) {
	l.queues(topic)
	must("a subscription", one.Subscribe(topic, selector, body))
	must("start of a consumer", one.Start())
	var once sync.Once
	end = func() { once.Do(func() { must("end of a consumer", one.Shutdown()) }) }
	l.atEnd(end)
	return end
}

// consumed starts a consumer whose messages go to the inbox under its name.
func (l *lab) consumed(group, who, topic, tags string, box *inbox, more ...consumer.Option) (end func()) {
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: tags}
	return l.start(l.consumer(group, more...), topic, selector, box.handler(who))
}

// message is one that differs from every other of its topic in body, key and property.
func (l *lab) message(topic, tag string, n int) *primitive.Message {
	message := primitive.NewMessage(topic, []byte(fmt.Sprintf("body %d of %s", n, topic)))
	if tag != "" {
		message.WithTag(tag)
	}
	message.WithKeys([]string{fmt.Sprintf("key-%d", n)})
	message.WithProperty("number", fmt.Sprint(n))
	message.WithProperty("colour", []string{"red", "blue"}[n%2])
	return message
}

// send sends and wants the full promise: stored, and on the slave where there is one.
func (l *lab) send(messages ...*primitive.Message) *primitive.SendResult {
	result, err := l.sender().SendSync(context.Background(), messages...)
	must("a send to "+messages[0].Topic, err)
	same("status of a send to "+messages[0].Topic, primitive.SendOK, result.Status)
	return result
}

func (l *lab) sendMany(topic, tag string, from, to int) []*sent {
	var all []*sent
	for n := from; n < to; n++ {
		message := l.message(topic, tag, n)
		all = append(all, &sent{message, l.send(message)})
	}
	return all
}

// createTopic makes a topic by a first message, which is stored in queue 0, and waits until its queues are known.
func (l *lab) createTopic(topic string) []*primitive.MessageQueue {
	first := primitive.NewMessage(topic, []byte("creates "+topic)).WithTag("Create")
	first.Queue = &primitive.MessageQueue{QueueId: 0}
	l.send(first)
	return l.queues(topic)
}

func (l *lab) queues(topic string) []*primitive.MessageQueue {
	asked := l.admin()
	var queues []*primitive.MessageQueue
	eventually("the queues of "+topic, 5*time.Second, func() (known bool) {
		defer func() { known = known && recover() == nil }() // the client breaks on a topic nobody knows yet
		var err error
		queues, err = asked.FetchPublishMessageQueues(context.Background(), topic)
		return err == nil && len(queues) > 0
	})
	return queues
}
