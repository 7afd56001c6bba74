package progress

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that a test moves by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// buffer is a bytes.Buffer for two goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestPlainLines(t *testing.T) {
	var out buffer
	c := &clock{now: time.Unix(1000, 0)}
	p := New(Options{Out: &out, Total: 200, Now: c.Now})
	for range 5 { // under 10%, under 10 s: nothing
		c.advance(time.Second)
		p.Add(1, 100)
	}
	c.advance(5 * time.Second)
	p.Add(1, 100)  // 10 s
	p.Add(14, 400) // 10%
	p.Add(160, 0)  // 90% at once: one line
	c.advance(10 * time.Second)
	p.Add(20, 1000)
	p.Finish()
	want := strings.Join([]string{
		"6/200 items (3%), 60 tokens/s, 5m23s left",
		"20/200 items (10%), 100 tokens/s, 1m30s left",
		"180/200 items (90%), 100 tokens/s, 1s left",
		"200/200 items (100%), 100 tokens/s",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// What an earlier process did is neither rate nor estimate of this one.
func TestResumed(t *testing.T) {
	var out buffer
	c := &clock{now: time.Unix(1000, 0)}
	p := New(Options{Out: &out, Total: 100, Done: 50, Now: c.Now})
	c.advance(10 * time.Second)
	p.Add(10, 50)
	p.Finish()
	want := "60/100 items (60%), 5 tokens/s, 40s left\n"
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestHeartbeat(t *testing.T) {
	var out buffer
	c := &clock{now: time.Unix(1000, 0)}
	p := New(Options{Out: &out, Total: 10, Now: c.Now})
	c.advance(lineEvery)
	for range 100 {
		if out.String() != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if want := "0/10 items (0%), 0 tokens/s\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	p.Finish()
}

func TestQuiet(t *testing.T) {
	var out buffer
	p := New(Options{Out: &out, Total: 2, Quiet: true, Bar: true})
	p.Add(1, 1)
	p.Add(1, 1)
	p.Finish()
	if out.String() != "" {
		t.Errorf("got %q", out.String())
	}
}

func TestBar(t *testing.T) {
	var out buffer
	p := New(Options{Out: &out, Total: 10, Bar: true})
	time.Sleep(2 * redrawEvery)
	p.Add(5, 10)
	p.Add(5, 10)
	p.Finish()
	got := out.String()
	if !strings.Contains(got, "5/10") || !strings.Contains(got, "tokens/s") {
		t.Errorf("no bar in %q", got)
	}
	if strings.Contains(got, "\x1b[3") {
		t.Errorf("colour in %q", got)
	}
	if !strings.HasSuffix(got, "\r") {
		t.Errorf("the bar is not removed: %q", got)
	}
}

func TestEmptyRun(t *testing.T) {
	for _, bar := range []bool{true, false} {
		p := New(Options{Out: new(buffer), Bar: bar})
		p.Add(0, 0)
		p.Finish()
	}
}

func TestConcurrent(t *testing.T) {
	for _, bar := range []bool{true, false} {
		p := New(Options{Out: new(buffer), Total: 400, Bar: bar})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					p.Add(1, 1)
				}
			})
		}
		wg.Wait()
		p.Finish()
		if p.done != 400 {
			t.Errorf("done %d", p.done)
		}
	}
}
