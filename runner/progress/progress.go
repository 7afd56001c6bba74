// Package progress tells a waiting user how far a run is: a bar on a terminal,
// else a plain line now and then that reads well in a log. Messages between
// do not tear the bar.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	lineEvery   = 10 * time.Second // plain lines, at the latest
	linePercent = 10               // plain lines, at these steps
	redrawEvery = 100 * time.Millisecond
)

// Options say where and how progress is shown.
type Options struct {
	Out   io.Writer        // stderr
	Bar   bool             // draw a bar; see Terminal
	Quiet bool             // show nothing, messages included
	Total int              // items of the run
	Done  int              // items that an earlier process has finished
	Now   func() time.Time // nil: time.Now
}

// Terminal says whether a bar may be drawn on f: it is a terminal that can
// move its cursor, and no CI system that records what passes. Nothing here is
// coloured, so NO_COLOR changes nothing.
func Terminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}

// barWidth leaves room for numbers beside the bar in a narrow terminal.
func barWidth(out io.Writer) int {
	const most, least, beside = 30, 4, 50 // characters
	f, ok := out.(*os.File)
	if !ok {
		return most
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return most
	}
	return max(least, min(most, width-beside))
}

// P is the progress of one run. Its methods may be called concurrently.
type P struct {
	mu      sync.Mutex
	o       Options
	bar     *progressbar.ProgressBar // nil for plain lines
	started time.Time
	done    int
	tokens  int64
	line    time.Time // when the last plain line was written
	percent int       // the step that it had reached
	drawn   time.Time // when the bar was

	speed    speed
	computed work      // by this process
	expected work      // in the end; zero while nobody has said
	last     time.Time // when the last step ended
	stop     chan struct{}
	stopped  sync.WaitGroup
}

// New starts the clock. Finish ends what New started.
func New(o Options) *P {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &P{o: o, started: o.Now(), done: o.Done, stop: make(chan struct{})}
	p.line, p.percent = p.started, p.step()
	if o.Quiet {
		return p
	}
	if o.Bar {
		p.bar = progressbar.NewOptions(o.Total,
			progressbar.OptionSetWriter(o.Out),
			progressbar.OptionSetWidth(barWidth(o.Out)),
			progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionClearOnFinish(),
		)
		p.draw()
		return p
	}
	// One item may take minutes; the line comes all the same.
	p.stopped.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.Add(0, 0)
			case <-p.stop:
				return
			}
		}
	})
	return p
}

// Add counts finished items and the tokens that went through the model.
func (p *P) Add(items int, tokens int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += items
	p.tokens += tokens
	switch {
	case p.o.Quiet:
	case p.bar != nil:
		p.draw()
	case p.step() > p.percent || p.o.Now().Sub(p.line) >= lineEvery:
		p.writeLine()
	}
}

// Finish removes the bar, or writes the last line.
func (p *P) Finish() {
	close(p.stop)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.o.Quiet:
	case p.bar != nil:
		_ = p.bar.Clear()
	case p.done != p.o.Total || p.percent < 100:
		p.writeLine()
	}
}

// draw redraws the bar, seldom: items may come by the thousand a second. The
// library's own throttle would show a count and the rate of another moment.
func (p *P) draw() {
	now := time.Now()
	if now.Sub(p.drawn) < redrawEvery {
		return
	}
	p.drawn = now
	p.bar.Describe(p.rate())
	// A bar that has reached its end ignores all that follows.
	if p.done < p.o.Total {
		_ = p.bar.Set(p.done)
	}
}

func (p *P) writeLine() {
	p.line, p.percent = p.o.Now(), p.step()
	fmt.Fprintf(p.o.Out, "%d/%d items (%d%%), %s\n", p.done, p.o.Total, p.share(), p.rate())
}

// rate is tokens per second and the time that is left, both of this process.
func (p *P) rate() string {
	elapsed := p.o.Now().Sub(p.started)
	var perSecond float64
	if elapsed > 0 {
		perSecond = float64(p.tokens) / elapsed.Seconds()
	}
	text := fmt.Sprintf("%.0f tokens/s", perSecond)
	if left, known := p.left(); known {
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

func (p *P) share() int {
	if p.o.Total <= 0 {
		return 100
	}
	return min(100, 100*p.done/p.o.Total)
}

func (p *P) step() int { return p.share() / linePercent * linePercent }
