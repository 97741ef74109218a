package main

import (
	"fmt"
	"time"
)

func that(claim bool, otherwise string, args ...any) {
	if !claim {
		panic(failure(fmt.Sprintf(otherwise, args...)))
	}
}

func same[T comparable](what string, wanted, got T) {
	that(wanted == got, "%s: wanted %v, got %v", what, wanted, got)
}

func must(what string, err error) {
	that(err == nil, "%s: %v", what, err)
}

// eventually looks every 20 ms until the claim holds.
func eventually(what string, within time.Duration, claim func() bool) {
	for end := time.Now().Add(within); !claim(); time.Sleep(20 * time.Millisecond) {
		that(time.Now().Before(end), "%s: not within %v", what, within)
	}
}
