package main

import (
	"context"
	"math/rand"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// What push consumers get, alone and as a group.
func init() {
	scenarios["consumeAll"] = consumeAll
	scenarios["tagFilter"] = tagFilter
	scenarios["newMessagesAtOnce"] = newMessagesAtOnce
	scenarios["broadcast"] = broadcast
	scenarios["newGroupOnYoungTopic"] = newGroupOnYoungTopic
	scenarios["twoConsumersShare"] = twoConsumersShare
	scenarios["offsetsSurviveRestart"] = offsetsSurviveRestart
	scenarios["orderly"] = orderly
	scenarios["largeBodies"] = largeBodies
	scenarios["compressedBodies"] = compressedBodies
	scenarios["bodyTooLarge"] = bodyTooLarge
	scenarios["unicode"] = unicode
}

// Messages of every way to send, in one topic.
func consumeAll(l *lab) {
	topic := l.topic("everything")
	all := l.sendMany(topic, "Sync", 0, 50)
	answers := make(chan *sent, 100)
	for n := 50; n < 150; n++ {
		l.sendAsync(l.message(topic, "Async", n), func(one *sent, err error) {
			if err == nil {
				answers <- one
			}
		})
	}
	for n := 50; n < 150; n++ {
		all = append(all, <-answers)
	}
	all = append(all, l.sendBatch(topic, 1, 150, 190)...)
	for n := 190; n < 220; n++ {
		message := l.message(topic, "OneWay", n)
		message.Flag = int32(n)
		must("a one-way send", l.sender().SendOneWay(context.Background(), message))
		all = append(all, &sent{message, nil})
	}
	box := &inbox{}
	l.consumed("all", "all", topic, "*", box, consumer.WithConsumeMessageBatchMaxSize(8))
	box.assertExactlyOnce(all, 10*time.Second)
}

func tagFilter(l *lab) {
	topic := l.topic("tags")
	var everything, wanted, colliding []*sent
	// "Aa" and "BB" have one hash code: the broker cannot tell them apart, the client must.
	tags := []string{"TagA", "TagB", "TagC", "Aa", "BB", ""}
	for n := 0; n < 120; n++ {
		message := l.message(topic, tags[n%len(tags)], n)
		one := &sent{message, l.send(message)}
		everything = append(everything, one)
		switch tags[n%len(tags)] {
		case "TagA", "TagB":
			wanted = append(wanted, one)
		case "Aa":
			colliding = append(colliding, one)
		}
	}
	two, equal, all := &inbox{}, &inbox{}, &inbox{}
	l.consumed("two", "two", topic, "TagA || TagB", two)
	l.consumed("colliding", "colliding", topic, "Aa", equal)
	l.consumed("all", "all", topic, "*", all)
	two.assertExactlyOnce(wanted, 10*time.Second)
	equal.assertExactlyOnce(colliding, 10*time.Second)
	all.assertExactlyOnce(everything, 10*time.Second)

	// A filter that turned everything away must still be woken by the next message it wants.
	late := l.sendMany(topic, "TagB", 1000, 1001)
	two.assertExactlyOnce(append(wanted, late...), 3*time.Second)
}

// A pull that waits on the broker is answered when a message comes, not at its time-out.
func newMessagesAtOnce(l *lab) {
	topic := l.topic("atOnce")
	l.createTopic(topic)
	box := &inbox{}
	l.consumed("waiting", "waiting", topic, "*", box)
	box.await(1, 10*time.Second)
	within := 10 * time.Second // a queue's first pull is put off by seconds when it fails
	for n := 0; n < 24; n++ {
		if n == 4 {
			time.Sleep(time.Second) // now all four queues are waited on
			within = time.Second
		}
		message := l.message(topic, "Now", n)
		message.Queue = &primitive.MessageQueue{QueueId: n % 4}
		l.send(message)
		box.await(n+2, within)
	}
}

func broadcast(l *lab) {
	topic := l.topic("broadcast")
	all := l.sendMany(topic, "Before", 0, 20)
	box := &inbox{}
	for _, who := range []string{"one", "two"} {
		l.consumed("both", who, topic, "*", box, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	box.await(40, 10*time.Second)
	all = append(all, l.sendMany(topic, "After", 20, 40)...)
	box.await(80, 10*time.Second)
	for _, who := range []string{"one", "two"} {
		box.of(who).assertExactlyOnce(all, 0)
	}
}

// A group nobody knew starts at 0 while the topic's first messages are still in memory, whatever it asks for.
func newGroupOnYoungTopic(l *lab) {
	topic := l.topic("young")
	all := l.sendMany(topic, "Young", 0, 20)
	box := &inbox{}
	l.consumed("late", "late", topic, "*", box, consumer.WithConsumeFromWhere(consumer.ConsumeFromLastOffset))
	box.assertExactlyOnce(all, 10*time.Second)
}

// Both hear of each other through the broker, not by their own 20 s round; a leaver's queues change hands.
func twoConsumersShare(l *lab) {
	topic := l.topic("shared")
	l.createTopic(topic)
	box := &inbox{}
	l.consumed("members", "one", topic, "*", box)
	box.await(1, 10*time.Second) // the message that made the topic
	endTwo := l.consumed("members", "two", topic, "*", box)
	next := 0
	eventually("both to get messages", 15*time.Second, func() bool {
		l.sendMany(topic, "Probe", next, next+4)
		next += 4
		time.Sleep(200 * time.Millisecond)
		return box.of("one").size() > 0 && box.of("two").size() > 0
	})
	time.Sleep(time.Second)
	before := map[string]int{"one": box.of("one").size(), "two": box.of("two").size()}
	l.sendMany(topic, "Shared", 1000, 1100)
	box.await(1+next+100, 10*time.Second)
	time.Sleep(quiet)
	same("messages in all, each once", 1+next+100, box.size())
	for who, had := range before {
		same("messages of consumer "+who, 50, box.of(who).size()-had)
	}
	endTwo()
	had := box.of("two").size()
	l.sendMany(topic, "Alone", 2000, 2100)
	box.await(1+next+200, 10*time.Second)
	same("messages of consumer two after it left", had, box.of("two").size())
}

func offsetsSurviveRestart(l *lab) {
	topic := l.topic("restarted")
	before := l.sendMany(topic, "Before", 0, 60)
	first := &inbox{}
	end := l.consumed("members", "first", topic, "*", first)
	first.assertExactlyOnce(before, 10*time.Second)
	end()
	between := l.sendMany(topic, "Between", 60, 120)
	second := &inbox{}
	l.consumed("members", "second", topic, "*", second)
	second.assertExactlyOnce(between, 10*time.Second)
}

// Each queue's messages come one after another, in the order of the queue.
func orderly(l *lab) {
	topic := l.topic("orderly")
	var all []*sent
	for n := 0; n < 200; n++ {
		message := l.message(topic, "Ordered", n)
		message.Queue = &primitive.MessageQueue{QueueId: n % 4}
		all = append(all, &sent{message, l.send(message)})
	}
	box := &inbox{}
	var mutex sync.Mutex
	inHand, overlap := map[int]bool{}, false
	body := func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		queue := messages[0].Queue.QueueId
		mutex.Lock()
		overlap = overlap || inHand[queue]
		inHand[queue] = true
		mutex.Unlock()
		box.add("all", messages...)
		mutex.Lock()
		inHand[queue] = false
		mutex.Unlock()
		return consumer.ConsumeSuccess, nil
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: "*"}
	l.start(l.consumer("ordered", consumer.WithConsumerOrder(true)), topic, selector, body)
	box.assertExactlyOnce(all, 15*time.Second)
	that(!overlap, "a queue was consumed twice at a time")
	next := map[int]int64{}
	for _, one := range box.list() {
		queue := one.message.Queue.QueueId
		same("next message of a queue", next[queue], one.message.QueueOffset)
		next[queue]++
	}
}

// noise is bytes that no compression makes smaller.
func noise(size int) []byte {
	bytes := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(bytes)
	return bytes
}

func largeBodies(l *lab) {
	topic := l.topic("large")
	l.createTopic(topic)
	var all []*sent
	for _, size := range []int{1, 4095, 4096, 4097, 65_536, 1 << 20, 39 << 20 / 10} {
		message := l.message(topic, "Large", size)
		message.Body = noise(size)
		all = append(all, &sent{message, l.send(message)})
	}
	box := &inbox{}
	l.consumed("all", "all", topic, "Large", box)
	box.assertExactlyOnce(all, 20*time.Second)
}

// From 4 KiB on the client compresses; the broker keeps what it got, and says so in the flags.
func compressedBodies(l *lab) {
	topic := l.topic("compressed")
	l.createTopic(topic)
	var all []*sent
	for _, size := range []int{4200, 100_000, 3 << 20} {
		message := l.message(topic, "Text", size)
		message.Body = []byte(strings.Repeat("pocket ", size/7+1))
		all = append(all, &sent{message, l.send(message)})
	}
	box := &inbox{}
	l.consumed("all", "all", topic, "Text", box)
	box.assertExactlyOnce(all, 10*time.Second)
	for _, one := range box.list() {
		that(one.message.StoreSize < 20_000, "a body takes %d bytes of the log", one.message.StoreSize)
	}
}

// The client asks for no limit of its own: the broker refuses, by code 13.
func bodyTooLarge(l *lab) {
	topic := l.topic("tooLarge")
	l.createTopic(topic)
	_, err := l.sender().SendSync(context.Background(), primitive.NewMessage(topic, noise(4<<20+65_536)))
	that(err != nil && strings.Contains(err.Error(), "CODE: 13"), "a body above 4 MiB: wanted code 13, got %v", err)
	l.send(l.message(topic, "Fits", 0)) // and the connection still serves
}

func unicode(l *lab) {
	topic := l.topic("unicode")
	var all []*sent
	for n, text := range []string{"grüße", "ключ", "鍵と錠", "🔑🗝️", "مفتاح", "line\nbreak\tand \"quotes\" \\ {json}", "\x00\x03 control"} {
		message := l.message(topic, "Tag"+strings.Fields(strings.ReplaceAll(text, "\x00", "0"))[0], n)
		message.Body = []byte("body " + text)
		message.WithProperty("größe", text)
		message.WithProperty("鍵", "値="+text)
		all = append(all, &sent{message, l.send(message)})
	}
	box := &inbox{}
	l.consumed("all", "all", topic, "*", box)
	box.assertExactlyOnce(all, 10*time.Second)
}
