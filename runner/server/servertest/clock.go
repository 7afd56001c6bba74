package servertest

import (
	"context"
	"sync"
	"time"
)

// A Clock goes forward when somebody waits, at once.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	Waited []time.Duration
}

// Now implements server.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements server.Clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.Waited = c.now.Add(d), append(c.Waited, d)
	return context.Cause(ctx)
}
