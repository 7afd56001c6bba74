package checkpoint

import (
	"runtime"
	"sync"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// chunkWeights is how many weights are widened at once, about.
const chunkWeights = 1 << 20

// eachChunk widens a tensor's rows, some at a time and several at once, and
// calls do with the first row's number. The first error ends it.
func eachChunk(t gguf.Tensor, do func(row int, wide []float32) error) error {
	cols, rows := t.Shape[0], t.Rows()
	stride, err := t.Type.RowBytes(cols)
	if err != nil {
		return err
	}
	some := max(1, min(chunkWeights/cols, rows/runtime.GOMAXPROCS(0)+1))
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	next := 0
	take := func() (row, n int) {
		mu.Lock()
		defer mu.Unlock()
		row = next
		if n = min(some, rows-row); failed != nil {
			n = 0
		}
		next += n
		return row, n
	}
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			defer mapped.Guard()()
			wide := make([]float32, some*cols)
			for row, n := take(); n > 0; row, n = take() {
				err := quant.Dequantize(wide[:n*cols], t.Type, t.Data[row*stride:(row+n)*stride])
				if err == nil {
					err = do(row, wide[:n*cols])
				}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return failed
}
