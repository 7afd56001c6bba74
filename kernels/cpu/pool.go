package cpu

import (
	"sync"
	"sync/atomic"
)

// A Pool is a fixed set of threads that share loops. Which thread takes which
// turn is left to chance; callers see to it that no result depends on it.
//
// A step of one token has some two hundred loops of a few microseconds, so
// helpers wait actively for the next one before they sleep.
type Pool struct {
	threads int
	current atomic.Pointer[job] // the loop last begun
	helpers []*helper
	done    sync.WaitGroup
}

// helper is a thread besides the caller's.
type helper struct {
	asleep atomic.Bool
	wake   chan struct{}
}

// job is one loop. Turns are taken from next; left counts those not finished.
type job struct {
	turns int
	do    func(worker, turn int)
	next  atomic.Int64
	left  atomic.Int64
	ended chan struct{}
	last  bool // the pool is closed
}

// NewPool starts threads-1 helpers; the caller of Run is the last thread.
func NewPool(threads int) *Pool {
	p := &Pool{threads: max(threads, 1)}
	for w := 1; w < p.threads; w++ {
		h := &helper{wake: make(chan struct{}, 1)}
		p.helpers = append(p.helpers, h)
		p.done.Add(1)
		go p.help(w, h)
	}
	return p
}

// Threads returns how many workers take turns, the caller included.
func (p *Pool) Threads() int { return p.threads }

// Close ends the helpers. Run must not be called afterwards.
func (p *Pool) Close() {
	p.begin(&job{last: true})
	p.done.Wait()
	p.helpers = nil
}

// begin shows a job to all helpers.
func (p *Pool) begin(j *job) {
	p.current.Store(j)
	for _, h := range p.helpers {
		if h.asleep.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
}

// Run calls do(worker, turn) once for each turn below turns, on all threads,
// and returns when all calls have. worker is below Threads.
func (p *Pool) Run(turns int, do func(worker, turn int)) {
	if turns <= 1 || p.threads == 1 {
		for t := range turns {
			do(0, t)
		}
		return
	}
	j := &job{turns: turns, do: do, ended: make(chan struct{})}
	j.left.Store(int64(turns))
	p.begin(j)
	j.take(0)
	for spin := 0; j.left.Load() > 0; spin++ {
		if spin > spins {
			<-j.ended
			return
		}
		pause()
	}
}

// take works until no turn is left to begin.
func (j *job) take(worker int) {
	for {
		t := int(j.next.Add(1)) - 1
		if t >= j.turns {
			return
		}
		j.do(worker, t)
		if j.left.Add(-1) == 0 {
			close(j.ended)
		}
	}
}

// spins bounds active waiting to some fifty microseconds, which is longer than
// what lies between two loops and short beside a scheduler's time slice.
const spins = 1500

func (p *Pool) help(worker int, h *helper) {
	defer p.done.Done()
	var seen *job
	for {
		seen = p.await(seen, h)
		if seen.last {
			return
		}
		seen.take(worker)
	}
}

// await returns the job after seen, waiting actively before it sleeps.
func (p *Pool) await(seen *job, h *helper) *job {
	for spin := 0; ; spin++ {
		if j := p.current.Load(); j != seen {
			return j
		}
		if spin < spins {
			pause()
			continue
		}
		h.asleep.Store(true)
		// A job begun before the flag was seen wakes nobody.
		if p.current.Load() != seen && h.asleep.CompareAndSwap(true, false) {
			continue
		}
		<-h.wake
		spin = 0
	}
}
