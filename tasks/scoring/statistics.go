package scoring

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/tasks/py/random"
)

// sum adds from left to right without compensation, as Python's sum does
// before 3.12.
func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

func mean(x []float64) float64 { return sum(x) / float64(len(x)) }

func nanMean(x []float64) float64 {
	return mean(slices.DeleteFunc(slices.Clone(x), math.IsNaN)) // 0/0 when none is left
}

// median is the upper one of an even number of values, as in the harness.
func median(x []float64) float64 { return slices.Sorted(slices.Values(x))[len(x)/2] }

// sampleDeviation divides by n - 1.
func sampleDeviation(x []float64) float64 {
	m, s := mean(x), 0.0
	for _, v := range x {
		s += float64((v - m) * (v - m)) // not fused: the same bits on every processor
	}
	return math.Sqrt(s / float64(len(x)-1))
}

// binaryF1 is 2TP / (2TP + FP + FN) for class 1, scikit-learn's f1_score.
func binaryF1(columns [][]float64) (float64, error) {
	golds, preds := columns[0], columns[1]
	classes := map[float64]bool{}
	var both, either float64
	for i := range golds {
		classes[golds[i]], classes[preds[i]] = true, true
		g, p := golds[i] == 1, preds[i] == 1
		both += indicator(g && p)
		either += indicator(g) + indicator(p)
	}
	if len(classes) > 2 || len(classes) == 2 && !classes[1] {
		return 0, fmt.Errorf("f1 is defined for two classes of which one is 1; name a function for more")
	}
	if either == 0 {
		return 0, nil
	}
	return 2 * both / either, nil
}

// matthews is the correlation coefficient for any number of classes
// (J. Gorodkin, Computational Biology and Chemistry 28, 2004); 0 where it is
// not defined.
func matthews(columns [][]float64) (float64, error) {
	golds, preds := columns[0], columns[1]
	type count struct{ gold, pred float64 }
	counts := map[float64]*count{}
	var order []float64 // sums must not depend on the map's order
	at := func(class float64) *count {
		if counts[class] == nil {
			counts[class] = &count{}
			order = append(order, class)
		}
		return counts[class]
	}
	correct, n := 0.0, float64(len(golds))
	for i := range golds {
		at(golds[i]).gold++
		at(preds[i]).pred++
		correct += indicator(golds[i] == preds[i])
	}
	goldPred, goldGold, predPred := 0.0, 0.0, 0.0
	for _, class := range order {
		c := counts[class]
		goldPred += c.gold * c.pred
		goldGold += c.gold * c.gold
		predPred += c.pred * c.pred
	}
	spread := (n*n - predPred) * (n*n - goldGold)
	if spread == 0 {
		return 0, nil
	}
	return (correct*n - goldPred) / math.Sqrt(spread), nil
}

// bootstrapChunk is the number of replicates per seed.
const bootstrapChunk = 1000

// bootstrap is the standard deviation of value over resampled documents. The
// replicates are those of the harness: chunk i draws with CPython's Random(i).
// What does not fill a chunk of 1000 is left out.
func bootstrap(value func([][]float64) (float64, error), columns [][]float64, replicates int) (float64, error) {
	chunk := min(bootstrapChunk, replicates)
	values := make([]float64, replicates/chunk*chunk)
	chunks := replicates / chunk
	errs := make([]error, chunks)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(chunks, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
				errs[i] = resample(value, columns, int64(i), values[i*chunk:(i+1)*chunk])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return math.NaN(), err
		}
	}
	return sampleDeviation(values), nil
}

// resample fills out with the values of one seed's replicates.
func resample(value func([][]float64) (float64, error), columns [][]float64, seed int64, out []float64) error {
	rnd := random.New(seed)
	n := len(columns[0])
	drawn := make([][]float64, len(columns))
	for c := range drawn {
		drawn[c] = make([]float64, n)
	}
	for r := range out {
		for i := range n {
			from := int(rnd.Float64() * float64(n)) // random.choices
			for c := range columns {
				drawn[c][i] = columns[c][from]
			}
		}
		v, err := value(drawn)
		if err != nil {
			return fmt.Errorf("bootstrap: %w", err)
		}
		out[r] = v
	}
	return nil
}
