package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"sort"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// What the client asks for operators.
func init() {
	scenarios["adminTopics"] = adminTopics
	scenarios["adminTells"] = adminTells
	scenarios["goesBack"] = goesBack
}

// A consumer that has read all gets it once more when an operator resets its group: the broker tells it so (220).
func goesBack(l *lab) {
	topic, master := l.topic("goesBack"), l.master()
	l.createTopic(topic)
	l.sendMany(topic, "Again", 0, 8)
	var guard sync.Mutex
	times := map[string]int{}
	count := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		guard.Lock()
		defer guard.Unlock()
		for _, message := range messages {
			times[string(message.Body)]++
		}
		return consumer.ConsumeSuccess, nil
	}
	l.start(l.consumer("back"), topic, consumer.MessageSelector{}, count)
	allHave := func(least int) func() bool {
		return func() bool {
			guard.Lock()
			defer guard.Unlock()
			for _, each := range times {
				if each < least {
					return false
				}
			}
			return len(times) == 9
		}
	}
	eventually("all messages", 20*time.Second, allHave(1))
	// Only a group that has committed its offsets can be reset.
	eventually("the reset", 20*time.Second, func() bool { return reset(master, topic, l.group("back")) == 0 })
	// The client waits 10 s when it is reset, and then up to 20 s for its next look at who reads what.
	eventually("all messages once more", 45*time.Second, allHave(2))
}

// reset asks a broker to take a group back to the begin of a topic (222), which this client cannot, and gives the
// code it answers with.
func reset(master, topic, group string) int {
	conn, err := net.Dial("tcp", master)
	must("a connection to the master", err)
	defer conn.Close()
	fields := map[string]string{"topic": topic, "group": group, "timestamp": "1600000000000", "isForce": "true"}
	header, _ := json.Marshal(map[string]any{"code": 222, "language": "JAVA", "version": 407, "opaque": 1, "flag": 0, "extFields": fields})
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(header)))
	_, err = conn.Write(append(frame, header...))
	must("a request", err)
	words := make([]byte, 8)
	_, err = io.ReadFull(conn, words)
	must("an answer", err)
	answer := make([]byte, binary.BigEndian.Uint32(words[4:])&0xffffff)
	_, err = io.ReadFull(conn, answer)
	must("the header of an answer", err)
	var told struct{ Code int }
	must("reading it", json.Unmarshal(answer, &told))
	return told.Code
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
