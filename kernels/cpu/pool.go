package cpu

import (
	"sync"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/internal/mapped"
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

// job is one loop. Each worker has a queue of turns, or all share one; left
// counts those not finished.
type job struct {
	queues []queue
	do     func(worker, turn int)
	left   atomic.Int64
	ended  chan struct{}
	last   bool // the pool is closed
}

// queue is turns in a row; the next to be taken is next.
type queue struct {
	next, end atomic.Int64
	_         [112]byte // two queues in one cache line would go to and fro
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
func (p *Pool) Run(turns int, do func(worker, turn int)) { p.run(turns, 1, do) }

// RunNear is Run in which each worker begins with a stretch of the turns, the
// same each time: what it wrote or fetched before is near it.
func (p *Pool) RunNear(turns int, do func(worker, turn int)) { p.run(turns, p.threads, do) }

func (p *Pool) run(turns, queues int, do func(worker, turn int)) {
	if turns <= 1 || p.threads == 1 {
		for t := range turns {
			do(0, t)
		}
		return
	}
	j := &job{queues: make([]queue, queues), do: do, ended: make(chan struct{})}
	for i := range j.queues {
		j.queues[i].next.Store(int64(share(turns, i, queues)))
		j.queues[i].end.Store(int64(share(turns, i+1, queues)))
	}
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

// share returns where part i of so many equal parts of n begins.
func share(n, i, parts int) int { return n * i / parts }

// take works until no turn is left to begin, first on the worker's own.
func (j *job) take(worker int) {
	for i := range j.queues {
		q := &j.queues[(worker+i)%len(j.queues)]
		for {
			t := q.next.Add(1) - 1
			if t >= q.end.Load() {
				break
			}
			j.do(worker, int(t))
			if j.left.Add(-1) == 0 {
				close(j.ended)
			}
		}
	}
}

// spins bounds active waiting to some fifty microseconds, which is longer than
// what lies between two loops and short beside a scheduler's time slice.
const spins = 1500

func (p *Pool) help(worker int, h *helper) {
	defer p.done.Done()
	defer mapped.Guard()()
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
