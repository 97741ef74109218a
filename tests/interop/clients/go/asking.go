package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// What the broker asks of its clients, and does for them: transactions, request and reply, filters.
// It asks for a transaction of 1 s every second.
func init() {
	scenarios["transactions"] = transactions
	scenarios["requestReply"] = requestReply
	scenarios["sqlFilter"] = sqlFilter
}

// decisions is a producer's word on each transaction, by its message's key: first, and when it is asked.
type decisions struct {
	mutex       sync.Mutex
	first, then map[string]primitive.LocalTransactionState
	asked       map[string]int
}

func (d *decisions) ExecuteLocalTransaction(message *primitive.Message) primitive.LocalTransactionState {
	return d.first[message.GetKeys()]
}

func (d *decisions) CheckLocalTransaction(message *primitive.MessageExt) primitive.LocalTransactionState {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.asked[message.GetKeys()]++
	return d.then[message.GetKeys()]
}

func transactions(l *lab) {
	topic := l.topic("transactions")
	l.createTopic(topic)
	box := &inbox{}
	l.consumed("all", "all", topic, "Tx", box)
	const commit, rollback, unknown = primitive.CommitMessageState, primitive.RollbackMessageState, primitive.UnknowState
	word := &decisions{
		first: map[string]primitive.LocalTransactionState{"key-0": commit, "key-1": rollback, "key-2": unknown, "key-3": unknown},
		then:  map[string]primitive.LocalTransactionState{"key-2": commit, "key-3": rollback},
		asked: map[string]int{},
	}
	group := "PG_" + l.run + "-tx"
	made, err := rocketmq.NewTransactionProducer(word, producer.WithNsResolver(l.resolver()), producer.WithGroupName(group),
		producer.WithInstanceName(l.instance()))
	must("a new transaction producer", err)
	must("its start", made.Start())
	l.atEnd(func() { must("its end", made.Shutdown()) })
	for n := 0; n < 4; n++ {
		_, err := made.SendMessageInTransaction(context.Background(), l.message(topic, "Tx", n))
		must("a transaction", err)
	}
	eventually("both unknown ones to be asked for", 30*time.Second, func() bool {
		word.mutex.Lock()
		defer word.mutex.Unlock()
		return word.asked["key-2"] > 0 && word.asked["key-3"] > 0
	})
	box.await(2, 10*time.Second)
	time.Sleep(2 * time.Second) // what was rolled back does not come
	keys := map[string]int{}
	for _, one := range box.list() {
		keys[one.message.GetKeys()]++
	}
	same("what came", "map[key-0:1 key-2:1]", fmt.Sprint(keys))
}

func requestReply(l *lab) {
	topic := l.topic("requests")
	l.createTopic(topic)
	replies := l.newProducer(producer.WithGroupName("PG_" + l.run + "-replies"))
	answer := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range messages {
			reply, err := consumer.CreateReplyMessage(message, nil)
			must("a reply", err)
			reply.Body = append([]byte("re: "), message.Body...)
			_, err = replies.SendSync(context.Background(), reply)
			must("sending a reply", err)
		}
		return consumer.ConsumeSuccess, nil
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: "Ask"}
	l.start(l.consumer("answers"), topic, selector, answer)
	l.sendMany(topic, "Hello", 0, 1)
	time.Sleep(1_500 * time.Millisecond) // the client's first heartbeat, by which the broker finds who asked
	for n := 0; n < 3; n++ {
		message := primitive.NewMessage(topic, []byte(fmt.Sprint("question ", n))).WithTag("Ask")
		reply, err := l.sender().Request(context.Background(), 10*time.Second, message)
		must("a request", err)
		same("its reply", fmt.Sprint("re: question ", n), string(reply.Body))
	}
	// The last reply may come before the answer to the send that asked for it, and a client that is closed without
	// that answer breaks when it has waited 3 s for it. The answer to a later send comes behind it.
	l.sendMany(topic, "Hello", 1, 2)
}

func sqlFilter(l *lab) {
	topic := l.topic("sql")
	all := l.sendMany(topic, "Sql", 0, 40)
	var wanted []*sent
	for n, one := range all {
		if n > 9 && n%2 == 0 {
			wanted = append(wanted, one)
		}
	}
	box := &inbox{}
	selector := consumer.MessageSelector{Type: consumer.SQL92, Expression: "number > 9 AND colour = 'red'"}
	l.start(l.consumer("sql"), topic, selector, box.handler("sql"))
	box.assertExactlyOnce(wanted, 10*time.Second)
	late := l.sendMany(topic, "Sql", 40, 44)
	box.assertExactlyOnce(append(wanted, late[0], late[2]), 3*time.Second)
}
