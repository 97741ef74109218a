package main

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// What the client asks for operators.
func init() {
	scenarios["adminTopics"] = adminTopics
	scenarios["adminTells"] = adminTells
}

// Topics are made, listed and taken away by the client's admin.
func adminTopics(l *lab) {
	topic, asked, ctx := l.topic("byAdmin"), l.admin(), context.Background()
	master := l.master()
	must("making a topic", asked.CreateTopic(ctx, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(master),
		admin.WithReadQueueNums(3), admin.WithWriteQueueNums(3)))
	same("its queues", 3, len(l.queues(topic)))
	same("in the list of topics", true, listed(asked, topic))
	groups, err := asked.GetAllSubscriptionGroup(ctx, master, 3*time.Second)
	must("the list of groups", err)
	that(groups.SubscriptionGroupTable["TOOLS_CONSUMER"].GroupName == "TOOLS_CONSUMER", "TOOLS_CONSUMER is not among the groups")
	must("taking it away", asked.DeleteTopic(ctx, admin.WithTopicDelete(topic), admin.WithBrokerAddrDelete(master)))
	same("in the list of topics after that", false, listed(asked, topic))
	// Not told where it is, the client looks for its broker and its name servers by itself.
	must("making it again", asked.CreateTopic(ctx, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(master)))
	l.queues(topic)
	must("taking it away", asked.DeleteTopic(ctx, admin.WithTopicDelete(topic)))
	same("in the list of topics after that", false, listed(asked, topic))
}

// What the client's admin is told, for a comparison of two clusters that have the same topics and groups: everything
// it can ask, of a topic with settings of its own and of one that is not there.
func adminTells(l *lab) {
	topic, asked, ctx := l.topic("told"), l.admin(), context.Background()
	master := l.master()
	must("making a topic", asked.CreateTopic(ctx, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(master),
		admin.WithReadQueueNums(3), admin.WithWriteQueueNums(2), admin.WithPerm(2), admin.WithOrder(true),
		admin.WithTopicFilterType("MULTI_TAG"), admin.WithTopicSysFlag(1)))
	l.facts["queues"] = namesOf(l.queues(topic))
	topics, err := asked.FetchAllTopicList(ctx)
	must("the list of topics", err)
	sort.Strings(topics.TopicList)
	l.facts["topics"] = topics.TopicList
	groups, err := asked.GetAllSubscriptionGroup(ctx, master, 3*time.Second)
	must("the list of groups", err)
	l.facts["groups"] = groups.SubscriptionGroupTable
	that(groups.DataVersion.Timestamp > 0, "the groups have no version")
	l.facts["system"] = whatHappens(func() error {
		return asked.DeleteTopic(ctx, admin.WithTopicDelete("TBW102"), admin.WithBrokerAddrDelete(master))
	})
	must("taking it away", asked.DeleteTopic(ctx, admin.WithTopicDelete(topic)))
	l.facts["gone"] = !listed(asked, topic)
	l.facts["queuesOfNone"] = whatHappens(func() error {
		_, err := asked.FetchPublishMessageQueues(ctx, l.topic("nowhere"))
		return err
	})
	l.facts["deletedNone"] = whatHappens(func() error {
		return asked.DeleteTopic(ctx, admin.WithTopicDelete(l.topic("nowhere")), admin.WithBrokerAddrDelete(master))
	})
}

// master is the address of the broker that took a message.
func (l *lab) master() string {
	place, err := primitive.UnmarshalMsgID([]byte(l.send(l.message(l.topic("adminProbe"), "Probe", 0)).OffsetMsgID))
	must("the place of a message", err)
	return fmt.Sprintf("%s:%d", place.Addr, place.Port)
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

func namesOf(queues []*primitive.MessageQueue) []string {
	var names []string
	for _, queue := range queues {
		names = append(names, fmt.Sprintf("%s %s %d", queue.Topic, queue.BrokerName, queue.QueueId))
	}
	sort.Strings(names)
	return names
}

// whatHappens tells how a call ends; this client breaks on some answers.
func whatHappens(call func() error) (what string) {
	defer func() {
		if reason := recover(); reason != nil {
			what = fmt.Sprintf("breaks: %v", reason)
		}
	}()
	if err := call(); err != nil {
		return "error: " + err.Error()
	}
	return "nothing said"
}
