package cpu

import (
	"sync"
	"sync/atomic"
)

// A Pool is a fixed set of threads that share loops. Which thread takes which
// turn is left to chance; callers see to it that no result depends on it.
type Pool struct {
	threads int
	helpers []chan *job
	done    sync.WaitGroup
}

// job is one loop. Turns are taken from next; left counts those not finished.
type job struct {
	turns int
	do    func(worker, turn int)
	next  atomic.Int64
	left  atomic.Int64
	ended chan struct{}
}

// NewPool starts threads-1 helpers; the caller of Run is the last thread.
func NewPool(threads int) *Pool {
	p := &Pool{threads: max(threads, 1)}
	for w := 1; w < p.threads; w++ {
		jobs := make(chan *job, 1)
		p.helpers = append(p.helpers, jobs)
		p.done.Add(1)
		go p.help(w, jobs)
	}
	return p
}

// Threads returns how many workers take turns, the caller included.
func (p *Pool) Threads() int { return p.threads }

// Close ends the helpers. Run must not be called afterwards.
func (p *Pool) Close() {
	for _, jobs := range p.helpers {
		close(jobs)
	}
	p.done.Wait()
	p.helpers = nil
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
	for _, jobs := range p.helpers[:min(len(p.helpers), turns-1)] {
		select {
		case jobs <- j:
		default: // still on its way out of the last loop
		}
	}
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

// spins bounds active waiting to some ten microseconds: longer would take time from
// the thread waited for where others use the processors too.
const spins = 200

func (p *Pool) help(worker int, jobs chan *job) {
	defer p.done.Done()
	for {
		j, ok := wait(jobs)
		if !ok {
			return
		}
		j.take(worker)
	}
}

// wait spins for a while before it sleeps.
func wait(jobs chan *job) (*job, bool) {
	for range spins {
		select {
		case j, ok := <-jobs:
			return j, ok
		default:
			pause()
		}
	}
	j, ok := <-jobs
	return j, ok
}
