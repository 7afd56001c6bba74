package runner

import (
	"runtime"
	"runtime/debug"

	"github.com/llamaeval/llamaeval/model"
)

// A run takes at most overhead beside its weights and its KV cache. Left
// alone, the collector would let garbage grow to the size of the cache.
const overhead = 200e6

// Of that, mapped is kept for what is not on the heap: the program itself.
// Where documents alone take much of the rest, least is what a wave and its
// garbage have beside them.
const (
	mapped = 28e6
	least  = 90e6
)

// boundHeap tells the collector how much memory it may use beside the
// weights, once all documents are loaded.
func (j *Job) boundHeap() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cache := j.Memory
	if j.Local.Model.Device().Kind != model.CPU { // the cache is the GPU's; its large steps have more results
		cache = 1e9
	}
	debug.SetMemoryLimit(cache + max(overhead-mapped, int64(m.HeapAlloc)+least))
}
