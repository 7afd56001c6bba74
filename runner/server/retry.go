package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 10 * time.Minute
)

// A pacer spaces the tries of all requests: after one was told to wait, none
// starts before the time is over.
type pacer struct {
	retries int
	clock   Clock
	say     func(string)

	mu     sync.Mutex
	random *rand.Rand // spreads the tries of several clients
	until  time.Time  // no request before
}

func newPacer(o Options) *pacer {
	return &pacer{retries: o.Retries, clock: o.Clock, say: o.Notice, random: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))}
}

// do tries until it succeeds, fails for good or has failed too often. A probe,
// of few tries, is no less patient with a server that is busy.
func (p *pacer) do(ctx context.Context, tries int, try func() error) error {
	for n := 1; ; n++ {
		if err := p.gate(ctx); err != nil {
			return err
		}
		err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		after, ok := retryable(err)
		if !ok {
			return err
		}
		probing := tries <= probeTries
		if n >= tries && (!probing || refused(err) || n >= p.retries) {
			if n > 1 {
				err = fmt.Errorf("%w (tried %d times)", err, n)
			}
			return err
		}
		wait := max(after, p.backoff(n))
		if after > 0 {
			p.hold(after)
		}
		if !probing || !refused(err) { // to be refused is no trouble then
			p.say(fmt.Sprintf("%v: trying again in %v", err, wait.Round(100*time.Millisecond)))
		}
		if err := p.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// backoff doubles with each failure, up to a bound, of which a random half is
// waited at most: clients that failed together do not come back together.
func (p *pacer) backoff(failures int) time.Duration {
	d := maxBackoff
	if failures < 10 {
		d = min(maxBackoff, firstBackoff<<(failures-1))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return d/2 + time.Duration(p.random.Int64N(int64(d/2)+1))
}

// hold keeps all requests from starting for a while.
func (p *pacer) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.clock.Now().Add(d); t.After(p.until) {
		p.until = t
	}
}

// gate waits while requests are held.
func (p *pacer) gate(ctx context.Context) error {
	for {
		p.mu.Lock()
		wait := p.until.Sub(p.clock.Now())
		p.mu.Unlock()
		if wait <= 0 {
			return ctx.Err()
		}
		if err := p.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value, wait := h.Get("Retry-After"), time.Duration(0)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		wait = time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		wait = max(0, at.Sub(now))
	}
	return min(wait, maxRetryAfter)
}

// clock is the machine's.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

func (clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
