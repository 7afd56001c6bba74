package runner

import (
	"math"
	"runtime"
	"runtime/debug"

	"github.com/llamaeval/llamaeval/model"
)

// A run takes at most overhead beside its weights and its KV cache. Left
// alone, the collector would let garbage grow to the size of the cache.
const overhead = 200e6

// Of that, image is kept for what is not on the heap: the program itself.
// Where documents alone take much of the rest, least is what a wave and its
// garbage have beside them.
const (
	image = 28e6
	least = 90e6
)

// given is the limit of GOMEMLIMIT, math.MaxInt64 without one.
var given = debug.SetMemoryLimit(-1)

// GivenMemory is the memory that GOMEMLIMIT leaves this process, in bytes.
func GivenMemory() (bytes int64, limited bool) { return given, given < math.MaxInt64 }

// boundHeap tells the collector how much memory it may use beside the
// weights, once all documents are loaded.
func (j *Job) boundHeap() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	cache := j.Memory
	if j.Local != nil && j.Local.Model.Device().Kind != model.CPU { // the cache is the GPU's; its large steps have more results
		cache = 1e9
	}
	debug.SetMemoryLimit(heapBound(cache, int64(m.HeapAlloc), given))
}

// heapBound is the collector's limit for a cache and documents of these sizes.
// A user's own limit holds for the cache as well, which on Linux the collector
// does not see; below what is live it would only make the program slow.
func heapBound(cache, documents, given int64) int64 {
	bound := cache + max(overhead-image, documents+least)
	if runtime.GOOS == "linux" {
		given -= cache
	}
	return min(bound, max(given, documents+least/3))
}
