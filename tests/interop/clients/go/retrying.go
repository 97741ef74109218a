package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// What comes later, or again. The broker's messageDelayLevel is "1s 2s 1s 1s 1s".
func init() {
	scenarios["delayed"] = delayed
	scenarios["retryToDeadLetters"] = retryToDeadLetters
	scenarios["retryOrderly"] = retryOrderly
}

func delayed(l *lab) {
	topic := l.topic("delayed")
	l.createTopic(topic)
	box := &inbox{}
	l.consumed("all", "all", topic, "Later", box)
	levels := []int{1, 2, 5, 1, 2}
	for n, level := range levels {
		l.send(l.message(topic, "Later", n).WithDelayTimeLevel(level))
	}
	box.await(len(levels), 15*time.Second)
	time.Sleep(quiet)
	same("messages that came", len(levels), box.size())
	for _, one := range box.list() {
		level := levels[one.message.GetProperty("number")[0]-'0']
		waits := map[int]int64{1: 1_000, 2: 2_000, 5: 1_000}[level]
		waited := one.message.StoreTimestamp - one.message.BornTimestamp
		that(waited >= waits-50 && waited < waits+5_000, "a message of level %d waited %d ms", level, waited)
	}
}

// Failing 3 times, a message comes 3 times, then lies once in the dead letters, known by what it was.
func retryToDeadLetters(l *lab) {
	topic := l.topic("retryDead")
	l.createTopic(topic)
	// A consumer asks for its retry topic's route when it starts, then after 30 s: the group's first one has it made.
	l.consumed("fails", "first", topic, "None", &inbox{})()
	l.queues("%RETRY%" + l.group("fails"))
	result := l.send(l.message(topic, "Fails", 1))
	box := &inbox{}
	fails := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		box.add("fails", messages...)
		return consumer.ConsumeRetryLater, nil
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: "Fails"}
	l.start(l.consumer("fails", consumer.WithMaxReconsumeTimes(2)), topic, selector, fails)
	box.await(3, 25*time.Second)
	dead := &inbox{}
	l.consumed("dead", "dead", "%DLQ%"+l.group("fails"), "*", dead)
	dead.await(1, 25*time.Second)
	time.Sleep(quiet)
	same("dead letters", 1, dead.size())
	same("failures of the dead letter", 3, dead.list()[0].message.ReconsumeTimes)
	same("its id", result.MsgID, dead.list()[0].message.MsgId)
	same("its first topic", topic, dead.list()[0].message.GetProperty(primitive.PropertyRetryTopic))
	same("deliveries", 3, box.size())
	for n, one := range box.list() {
		same("failures before a delivery", int32(n), one.message.ReconsumeTimes)
		same("its id", result.MsgID, one.message.MsgId)
		if n > 0 {
			same("where it was first", result.OffsetMsgID, one.message.GetProperty(primitive.PropertyOriginMessageId))
		}
	}
}

// An orderly consumer that suspends gets the same message again, and none behind it meanwhile.
func retryOrderly(l *lab) {
	topic := l.topic("retryOrderly")
	l.createTopic(topic)
	for n := 0; n < 3; n++ {
		message := l.message(topic, "Again", n)
		message.Queue = &primitive.MessageQueue{QueueId: 1}
		l.send(message)
	}
	box := &inbox{}
	var tries atomic.Int32
	suspends := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		box.add("suspends", messages...)
		if tries.Add(1) < 4 {
			return consumer.SuspendCurrentQueueAMoment, nil
		}
		return consumer.ConsumeSuccess, nil
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: "Again"}
	ordered := l.consumer("ordered", consumer.WithConsumerOrder(true), consumer.WithSuspendCurrentQueueTimeMillis(200*time.Millisecond))
	l.start(ordered, topic, selector, suspends)
	box.await(6, 20*time.Second)
	order := ""
	for _, one := range box.list() {
		order += one.message.GetProperty("number")
	}
	same("order", "000012", order)
}
