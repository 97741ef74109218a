package main

import (
	"context"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// The pull consumer.
func init() {
	scenarios["pullStatuses"] = pullStatuses
	scenarios["pollAndAck"] = pollAndAck
}

func (l *lab) pullConsumer(group, topic, tags string) rocketmq.PullConsumer {
	made, err := rocketmq.NewPullConsumer(
		consumer.WithNsResolver(l.resolver()),
		consumer.WithGroupName(l.group(group)),
		consumer.WithInstance(l.instance()),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	must("a new pull consumer", err)
	l.queues(topic)
	must("its subscription", made.Subscribe(topic, consumer.MessageSelector{Type: consumer.TAG, Expression: tags}))
	must("its start", made.Start())
	l.atEnd(func() { must("end of a pull consumer", made.Shutdown()) })
	return made
}

func pullStatuses(l *lab) {
	topic := l.topic("pulled")
	queue := l.createTopic(topic)[3]
	for n := 0; n < 50; n++ {
		message := l.message(topic, "Pulled", n)
		message.Queue = queue
		l.send(message)
	}
	puller := l.pullConsumer("plain", topic, "*")
	pull := func(offset int64, count int) *primitive.PullResult {
		result, err := puller.PullFrom(context.Background(), queue, offset, count)
		must("a pull", err)
		same("first offset told", int64(0), result.MinOffset)
		same("end told", int64(50), result.MaxOffset)
		return result
	}
	page := pull(10, 7)
	same("status", primitive.PullFound, page.Status)
	same("messages", 7, len(page.GetMessageExts()))
	same("first of them", int64(10), page.GetMessageExts()[0].QueueOffset)
	same("next", int64(17), page.NextBeginOffset)
	past := pull(500, 32)
	same("status past the end", primitive.PullOffsetIllegal, past.Status)
	same("next from past the end", int64(50), past.NextBeginOffset)

	must("an offset", puller.UpdateOffset(queue, 33))
	must("keeping it", puller.PersistOffset(context.Background(), topic))
}

// Poll takes what the client pulled ahead; what was acknowledged is not given to the group's next consumer.
func pollAndAck(l *lab) {
	topic := l.topic("polled")
	all := l.sendMany(topic, "Polled", 0, 40)
	polled := func(puller rocketmq.PullConsumer, count int) *inbox {
		box := &inbox{}
		eventually("messages by polling", 15*time.Second, func() bool {
			request, err := puller.Poll(context.Background(), time.Second)
			if err == nil {
				box.add("poll", request.GetMsgList()...)
				puller.ACK(context.Background(), request, consumer.ConsumeSuccess)
			} else {
				that(consumer.IsNoNewMsgError(err), "a poll: %v", err)
			}
			return box.size() >= count
		})
		return box
	}
	first := l.pullConsumer("pollers", topic, "*")
	polled(first, 40).assertExactlyOnce(all, 0)
	must("keeping offsets", first.PersistOffset(context.Background(), topic))
	must("its end", first.Shutdown())
	more := l.sendMany(topic, "Polled", 40, 50)
	polled(l.pullConsumer("pollers", topic, "*"), 10).assertExactlyOnce(more, 0)
}
