package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// quiet is long enough for a second delivery to show itself.
const quiet = 300 * time.Millisecond

// sent is a message and what the broker answered; a one-way send has no answer.
type sent struct {
	message *primitive.Message
	result  *primitive.SendResult
}

// key is what all messages of these scenarios are told apart by.
func (s *sent) key() string { return s.message.GetKeys() }

// assertIs checks that what arrived is what was sent, in every part a consumer can see.
func (s *sent) assertIs(got *primitive.MessageExt) {
	name := s.message.Topic + " " + s.key()
	same("topic of "+name, s.message.Topic, got.Topic)
	that(bytes.Equal(s.message.Body, got.Body), "body of %s came back as other %d bytes", name, len(got.Body))
	for key, value := range s.message.GetProperties() {
		if key != primitive.PropertyWaitStoreMsgOk { // the broker takes it out
			same("property "+key+" of "+name, value, got.GetProperty(key))
		}
	}
	same("flag of "+name, s.message.Flag, got.Flag)
	same("property CLUSTER of "+name, "DefaultCluster", got.GetProperty("CLUSTER"))
	same("reconsumeTimes of "+name, 0, got.ReconsumeTimes)
	if s.result == nil {
		return
	}
	same("msgId of "+name, s.result.MsgID, got.MsgId)
	same("offset message id of "+name, s.result.OffsetMsgID, got.OffsetMsgId)
	same("queue of "+name, s.result.MessageQueue.QueueId, got.Queue.QueueId)
	same("queue offset of "+name, s.result.QueueOffset, got.QueueOffset)
}

type received struct {
	who     string
	message *primitive.MessageExt
}

// inbox holds what consumers got, in the order it came.
type inbox struct {
	mutex sync.Mutex
	all   []received
}

func (b *inbox) add(who string, messages ...*primitive.MessageExt) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, message := range messages {
		b.all = append(b.all, received{who, message})
	}
}

func (b *inbox) handler(who string) handler {
	return func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		b.add(who, messages...)
		return consumer.ConsumeSuccess, nil
	}
}

func (b *inbox) size() int { return len(b.list()) }

func (b *inbox) list() []received {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return append([]received{}, b.all...)
}

func (b *inbox) of(who string) *inbox {
	part := &inbox{}
	for _, one := range b.list() {
		if one.who == who {
			part.all = append(part.all, one)
		}
	}
	return part
}

func (b *inbox) await(count int, within time.Duration) {
	eventually(fmt.Sprintf("%d messages to arrive", count), within, func() bool { return b.size() >= count })
}

// assertExactlyOnce wants each message once, as it was sent, and nothing else.
func (b *inbox) assertExactlyOnce(all []*sent, within time.Duration) {
	b.await(len(all), within)
	time.Sleep(quiet)
	waiting := map[string]*sent{}
	for _, one := range all {
		waiting[one.key()] = one
	}
	same("distinct keys of the messages sent", len(all), len(waiting))
	for _, one := range b.list() {
		match := waiting[one.message.GetKeys()]
		that(match != nil, "message %v came twice, or was not sent here", one.message)
		delete(waiting, match.key())
		match.assertIs(one.message)
	}
	same("messages that did not arrive", 0, len(waiting))
}
