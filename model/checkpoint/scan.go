package checkpoint

import (
	"math"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/model/gguf"
)

// NotNumbers counts a tensor's weights that are NaN or infinite.
type NotNumbers struct {
	Tensor        string
	NaN, Infinite int64
}

// Scan widens every weight of a checkpoint and returns the tensors that hold
// something else than numbers.
func Scan(f *gguf.File) ([]NotNumbers, error) {
	var bad []NotNumbers
	for _, t := range f.Tensors() {
		var nan, infinite atomic.Int64
		err := eachChunk(t, func(_ int, wide []float32) error {
			for _, w := range wide {
				if w-w == 0 {
					continue
				}
				if math.IsInf(float64(w), 0) {
					infinite.Add(1)
				} else {
					nan.Add(1)
				}
			}
			return nil
		})
		if err != nil {
			return bad, err
		}
		if nan.Load()+infinite.Load() > 0 {
			bad = append(bad, NotNumbers{t.Name, nan.Load(), infinite.Load()})
		}
	}
	return bad, nil
}
