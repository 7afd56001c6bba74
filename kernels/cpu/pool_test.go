package cpu

import (
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestPoolTakesEachTurnOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, threads := range []int{0, 1, 2, 7} {
		p := NewPool(threads)
		for round := range 300 {
			turns := round % 23
			counts := make([]atomic.Int32, turns)
			run := p.Run
			if round%3 == 0 {
				run = p.RunNear
			}
			run(turns, func(worker, turn int) {
				if worker < 0 || worker >= p.Threads() {
					t.Errorf("worker %d of %d", worker, p.Threads())
				}
				if round%50 == 49 {
					time.Sleep(time.Millisecond) // let others fall asleep
				}
				counts[turn].Add(1)
			})
			for i := range counts {
				if n := counts[i].Load(); n != 1 {
					t.Fatalf("%d threads, %d turns: turn %d taken %d times", threads, turns, i, n)
				}
			}
		}
		p.Close()
	}
}
