package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// grace is how long the program has to end by itself after a signal. A step
// of a large model, a hash over its file or a table of many results may take
// longer; what is done is on the disk, so that nothing is lost by not waiting.
const grace = 1500 * time.Millisecond

// lastWords is what an interrupted program says about what is kept.
type lastWords struct {
	say atomic.Pointer[func() string]
}

type lastWordsKey struct{}

func lastWordsOf(ctx context.Context) *lastWords {
	if w, ok := ctx.Value(lastWordsKey{}).(*lastWords); ok {
		return w
	}
	return &lastWords{}
}

// set names the function that says it, at any time and from any goroutine.
func (w *lastWords) set(say func() string) { w.say.Store(&say) }

// giveUp says why the program ends now and returns its exit code.
func giveUp(ctx context.Context, stderr io.Writer) int {
	err := context.Cause(ctx)
	if say := lastWordsOf(ctx).say.Load(); say != nil {
		if text := (*say)(); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
	}
	return report(ctx, stderr, err)
}
