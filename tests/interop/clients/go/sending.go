package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// Every way to send, and what the answer says.
func init() {
	scenarios["ready"] = ready
	scenarios["topicFromNothing"] = topicFromNothing
	scenarios["sendSync"] = sendSync
	scenarios["sendAsync"] = sendAsync
	scenarios["sendOneWay"] = sendOneWay
	scenarios["sendBatch"] = sendBatch
	scenarios["selectQueue"] = selectQueue
}

// A SYNC_MASTER whose slave is still on its way answers SLAVE_NOT_AVAILABLE; the scenarios want SEND_OK.
func ready(l *lab) {
	eventually("SEND_OK", 45*time.Second, func() bool {
		result, err := l.sender().SendSync(context.Background(), l.message(l.topic("ready"), "Ready", 0))
		return err == nil && result.Status == primitive.SendOK
	})
}

func topicFromNothing(l *lab) {
	topic := l.topic("fromNothing")
	l.send(l.message(topic, "First", 0))
	queues := l.queues(topic)
	same("queues of a new topic", 4, len(queues))
	same("its broker", "broker-a", queues[0].BrokerName)
}

func sendSync(l *lab) {
	topic := l.topic("sync")
	l.createTopic(topic) // takes offset 0 of queue 0
	next := map[int]int64{0: 1}
	for n := 0; n < 40; n++ {
		result := l.send(l.message(topic, "Sync", n))
		same("topic of the answer", topic, result.MessageQueue.Topic)
		same("region", "DefaultRegion", result.RegionID)
		same("length of the offset message id", 32, len(result.OffsetMsgID))
		same("queue offset", next[result.MessageQueue.QueueId], result.QueueOffset)
		next[result.MessageQueue.QueueId]++
	}
	same("queues that 40 sends went to", 4, len(next))
}

func (l *lab) sendAsync(message *primitive.Message, done func(*sent, error)) {
	must("an async send", l.sender().SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
		done(&sent{message, result}, err)
	}, message))
}

func sendAsync(l *lab) {
	topic := l.topic("async")
	l.createTopic(topic)
	ids := map[string]bool{}
	var mutex sync.Mutex
	var last error
	for n := 0; n < 200; n++ {
		l.sendAsync(l.message(topic, "Async", n), func(one *sent, err error) {
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil || one.result.Status != primitive.SendOK {
				last = err
				return
			}
			ids[one.result.OffsetMsgID] = true
		})
	}
	eventually("200 answers", 10*time.Second, func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		must("an async send", last)
		return len(ids) == 200
	})
}

func sendOneWay(l *lab) {
	topic := l.topic("oneWay")
	l.createTopic(topic)
	box := &inbox{}
	l.consumed("all", "all", topic, "OneWay", box)
	var all []*sent
	for n := 0; n < 50; n++ {
		message := l.message(topic, "OneWay", n)
		must("a one-way send", l.sender().SendOneWay(context.Background(), message))
		all = append(all, &sent{message, nil})
	}
	box.assertExactlyOnce(all, 10*time.Second)
}

func sendBatch(l *lab) {
	topic := l.topic("batch")
	queue := l.createTopic(topic)[1]
	all := l.sendBatch(topic, queue.QueueId, 0, 30)
	box := &inbox{}
	l.consumed("all", "all", topic, "BatchA || BatchB", box)
	box.assertExactlyOnce(all, 10*time.Second)
}

// One request with many messages: consecutive places in one queue, an id each, which consumers see too: the client
// gives a batch's messages none of its own.
func (l *lab) sendBatch(topic string, queue, from, to int) []*sent {
	var messages []*primitive.Message
	for n := from; n < to; n++ {
		message := l.message(topic, []string{"BatchA", "BatchB"}[n%2], n)
		message.Queue = &primitive.MessageQueue{QueueId: queue}
		messages = append(messages, message)
	}
	result := l.send(messages...)
	places := strings.Split(result.OffsetMsgID, ",")
	same("ids in the answer to a batch", len(messages), len(places))
	var all []*sent
	for n, message := range messages {
		one := *result
		one.OffsetMsgID, one.MsgID, one.QueueOffset = places[n], places[n], result.QueueOffset+int64(n)
		all = append(all, &sent{message, &one})
	}
	return all
}

func selectQueue(l *lab) {
	topic := l.topic("selected")
	l.createTopic(topic)
	for n := 0; n < 50; n++ {
		message := l.message(topic, "Selected", n)
		message.Queue = &primitive.MessageQueue{QueueId: 2}
		result := l.send(message)
		same("queue of a send to queue 2", 2, result.MessageQueue.QueueId)
		same("its queue offset", int64(n), result.QueueOffset)
	}
}
