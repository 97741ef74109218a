package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// The pull consumer, and what the client asks for operators.
func init() {
	scenarios["pullStatuses"] = pullStatuses
	scenarios["pollAndAck"] = pollAndAck
	scenarios["adminTopics"] = adminTopics
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

// Topics are made, listed and taken away by the client's admin.
func adminTopics(l *lab) {
	topic := l.topic("byAdmin")
	asked := l.admin()
	place, err := primitive.UnmarshalMsgID([]byte(l.send(l.message(l.topic("adminProbe"), "Probe", 0)).OffsetMsgID))
	must("the place of a message", err)
	master := fmt.Sprintf("%s:%d", place.Addr, place.Port)
	ctx := context.Background()
	must("making a topic", asked.CreateTopic(ctx, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(master),
		admin.WithReadQueueNums(3), admin.WithWriteQueueNums(3)))
	same("its queues", 3, len(l.queues(topic)))
	same("in the list of topics", true, listed(asked, topic))
	groups, err := asked.GetAllSubscriptionGroup(ctx, master, 3*time.Second)
	must("the list of groups", err)
	that(groups.SubscriptionGroupTable["TOOLS_CONSUMER"].GroupName == "TOOLS_CONSUMER", "TOOLS_CONSUMER is not among the groups")
	must("taking it away", asked.DeleteTopic(ctx, admin.WithTopicDelete(topic), admin.WithBrokerAddrDelete(master)))
	same("in the list of topics after that", false, listed(asked, topic))
}

func listed(asked admin.Admin, topic string) bool {
	topics, err := asked.FetchAllTopicList(context.Background())
	must("the list of topics", err)
	for _, one := range topics.TopicList {
		if one == topic {
			return true
		}
	}
	return false
}
