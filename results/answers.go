package results

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Answers are one metric of one task in one run, a number a document.
type Answers struct {
	Task, Key string
	Docs      []int32 // ascending
	Values    []float64
	Clusters  []string // names that are equal where the clusters are; nil: none
}

// A leaf is a metric of a task.
type leaf struct{ task, key string }

func leafOf(s Score) leaf { return leaf{s.Task, MetricKey(s.Metric, s.Filter)} }

// readAnswers reads what columns of leaderboards are made of: the primary
// metrics of tasks, and the members of groups.
func readAnswers(dir string, run Run, scores []Score) (map[leaf]*Answers, error) {
	out := map[leaf]*Answers{}
	for _, s := range scores {
		if s.Primary && s.Kind == KindTask {
			out[leafOf(s)] = &Answers{}
		}
	}
	for _, g := range run.Groups {
		for _, m := range g.Members {
			out[leaf{m.Task, MetricKey(m.Metric, m.Filter)}] = &Answers{}
		}
	}
	byTask := map[string][]leaf{}
	for l, a := range out {
		a.Task, a.Key = l.task, l.key
		byTask[l.task] = append(byTask[l.task], l)
	}
	err := ReadMetrics(dir, true, func(m MetricRow) {
		for _, l := range byTask[m.Task] {
			out[l].add(m)
		}
	})
	return out, err
}

func (a *Answers) add(m MetricRow) {
	v := math.NaN()
	for _, metric := range m.Metrics {
		if metric.Key == a.Key {
			v = metric.Value
		}
	}
	a.Docs, a.Values, a.Clusters = append(a.Docs, m.DocID), append(a.Values, v), append(a.Clusters, m.Cluster)
}

// Kinds of values in the coding of answers.
const (
	coded01     = 0 // a bit each
	codedFloats = 1
)

// encode writes answers in few bytes: the number of documents, the steps
// between their numbers, a byte for the kind of values and the values, and
// where there are clusters a hash for each document.
func (a *Answers) encode() []byte {
	out := binary.AppendUvarint(nil, uint64(len(a.Docs)))
	last := int32(-1)
	for _, d := range a.Docs {
		out = binary.AppendUvarint(out, uint64(d-last))
		last = d
	}
	bits, binaryOnly := make([]byte, (len(a.Values)+7)/8), true
	for i, v := range a.Values {
		binaryOnly = binaryOnly && (v == 0 || v == 1)
		if v == 1 {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	if binaryOnly {
		out = append(append(out, coded01), bits...)
	} else {
		out = append(out, codedFloats)
		for _, v := range a.Values {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	}
	clustered := false
	for _, c := range a.Clusters {
		clustered = clustered || c != ""
	}
	if !clustered {
		return out
	}
	for _, c := range a.Clusters {
		h := fnv.New64a()
		if c != "" {
			h.Write([]byte(c))
			out = h.Sum(out)
			continue
		}
		out = append(out, make([]byte, 8)...)
	}
	return out
}

var errAnswers = errors.New("damaged answers")

func decodeAnswers(data []byte) (Answers, error) {
	var a Answers
	n, k := binary.Uvarint(data)
	if k <= 0 || n > uint64(len(data)) { // a document takes a byte or more
		return a, errAnswers
	}
	data = data[k:]
	a.Docs, a.Values = make([]int32, n), make([]float64, n)
	at := int64(-1)
	for i := range a.Docs {
		step, k := binary.Uvarint(data)
		if at += int64(step); k <= 0 || step == 0 || step > math.MaxInt32 || at > math.MaxInt32 {
			return a, errAnswers
		}
		a.Docs[i], data = int32(at), data[k:]
	}
	if len(data) == 0 {
		return a, errAnswers
	}
	kind, data := data[0], data[1:]
	size := (len(a.Values) + 7) / 8
	if kind == codedFloats {
		size = 8 * len(a.Values)
	}
	if kind > codedFloats || len(data) < size || len(data) != size && len(data) != size+8*len(a.Values) {
		return a, errAnswers
	}
	for i := range a.Values {
		if kind == codedFloats {
			a.Values[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		} else if data[i/8]&(1<<(i%8)) != 0 {
			a.Values[i] = 1
		}
	}
	a.Clusters = make([]string, n)
	for i, rest := 0, data[size:]; len(rest) > 0; i, rest = i+1, rest[8:] {
		if binary.LittleEndian.Uint64(rest) != 0 {
			a.Clusters[i] = string(rest[:8])
		}
	}
	return a, nil
}

// parallel calls do for 0 to n-1, some at a time: reading from a store is
// mostly waiting.
func parallel(n int, do func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(max(16, runtime.GOMAXPROCS(0)))
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	return g.Wait()
}
