// Runs scenarios of the official Go client against a cluster, in the order given, in one process, and prints a line
// of JSON for each, as the Java program does: {"scenario":"sendSync","ok":true,"ms":41} or {...,"ok":false,"error":"..."}.
//
//	client NAMESRV RUN SCENARIO...
//
// RUN becomes part of every topic and group, so that one cluster takes many runs.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const limit = 60 * time.Second

type scenario func(*lab)

var scenarios = map[string]scenario{}

func main() {
	rlog.SetLogLevel("fatal")
	namesrv, run, wanted := os.Args[1], os.Args[2], os.Args[3:]
	failed := 0
	for _, name := range wanted {
		body, known := scenarios[name]
		if !known {
			fmt.Fprintln(os.Stderr, "no scenario", name)
			os.Exit(2)
		}
		start := time.Now()
		l := newLab(namesrv, run, name)
		err := limited(body, l)
		line := map[string]any{"scenario": name, "ok": err == "", "ms": time.Since(start).Milliseconds()}
		if err != "" {
			line["error"] = err
			failed++
		} else if len(l.facts) > 0 { // one that hangs may still write them
			line["facts"] = l.facts
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	os.Exit(min(failed, 1))
}

// limited runs a scenario and gives what it failed of, or "". One that hangs is a failed one; the next still runs.
func limited(body scenario, l *lab) string {
	done := make(chan string, 1)
	go func() {
		done <- attempt(func() { body(l) })
	}()
	select {
	case err := <-done:
		if late := attempt(l.close); err == "" {
			err = late
		}
		return err
	case <-time.After(limit):
		return fmt.Sprintf("not done within %v", limit)
	}
}

// failure is what the checks of a scenario panic with.
type failure string

func attempt(work func()) (err string) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case failure:
			err = string(reason) + where()
		default:
			err = fmt.Sprint(reason) + " " + string(debug.Stack())
		}
	}()
	work()
	return ""
}

// where names the lines of the scenarios that a failure came through.
func where() string {
	places := ""
	for _, line := range strings.Split(string(debug.Stack()), "\n") {
		at := strings.LastIndex(line, "/go/")
		if at < 0 || !strings.HasPrefix(line, "\t") {
			continue
		}
		place, _, _ := strings.Cut(line[at+len("/go/"):], " ")
		if !strings.Contains(place, "/") && !strings.HasPrefix(place, "main.go") && !strings.HasPrefix(place, "expect.go") {
			places += " [" + place + "]"
		}
	}
	return places
}
