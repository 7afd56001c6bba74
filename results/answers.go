package results

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// documents are what a run answered of one task.
type documents struct {
	ids                     []int32  // ascending
	hashes, prompts, groups []string // of Outcome's DocHash, PromptHash and Cluster: names that are equal where they are
}

// add appends an outcome's document.
func (d *documents) add(o Outcome) {
	d.ids = append(d.ids, o.DocID)
	d.hashes, d.prompts, d.groups = append(d.hashes, o.DocHash), append(d.prompts, o.PromptHash), append(d.groups, o.Cluster)
}

// short is a name of 8 bytes for a text, "" for none. What indexes hold is
// compared by these.
func short(text string) string {
	if text == "" {
		return ""
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	return string(h.Sum(nil))
}

// encode writes the number of documents, the steps between their numbers, and
// for each 8 bytes of each name, of clusters only where there are any.
func (d *documents) encode() []byte {
	out := binary.AppendUvarint(nil, uint64(len(d.ids)))
	last := int32(-1)
	for _, id := range d.ids {
		out = binary.AppendUvarint(out, uint64(int64(id)-int64(last)))
		last = id
	}
	for _, names := range [][]string{d.hashes, d.prompts, d.groups} {
		some := byte(0)
		for _, name := range names {
			if name != "" {
				some = 1
			}
		}
		out = append(out, some)
		for i := 0; some == 1 && i < len(names); i++ {
			out = append(out, (short(names[i]) + "\x00\x00\x00\x00\x00\x00\x00\x00")[:8]...)
		}
	}
	return out
}

var errAnswers = errors.New("damaged answers")

func decodeDocuments(data []byte) (*documents, error) {
	n, k := binary.Uvarint(data)
	if k <= 0 || n > uint64(len(data)) { // a document takes a byte or more
		return nil, errAnswers
	}
	data = data[k:]
	d := &documents{ids: make([]int32, n)}
	at := int64(-1)
	for i := range d.ids {
		step, k := binary.Uvarint(data)
		if k <= 0 || step == 0 || step > math.MaxInt32+1 { // the first is from -1
			return nil, errAnswers
		}
		if at += int64(step); at > math.MaxInt32 {
			return nil, errAnswers
		}
		d.ids[i], data = int32(at), data[k:]
	}
	for _, names := range []*[]string{&d.hashes, &d.prompts, &d.groups} {
		if len(data) == 0 || data[0] > 1 {
			return nil, errAnswers
		}
		some := data[0]
		data = data[1:]
		*names = make([]string, n)
		for i := 0; some == 1 && i < int(n); i++ {
			if len(data) < 8 {
				return nil, errAnswers
			}
			if name := string(data[:8]); name != "\x00\x00\x00\x00\x00\x00\x00\x00" {
				(*names)[i] = name
			}
			data = data[8:]
		}
	}
	if len(data) > 0 {
		return nil, errAnswers
	}
	return d, nil
}

// absent stands for a document that has no such metric.
var absent = math.Float64frombits(0x7ff8_0000_0000_0abe)

func isAbsent(v float64) bool { return math.Float64bits(v) == math.Float64bits(absent) }

// Kinds of values in their coding.
const (
	coded01     = 0 // a bit each
	codedFloats = 1
)

// encodeValues writes a byte for the kind of values and the values.
func encodeValues(values []float64) []byte {
	bits, binaryOnly := make([]byte, (len(values)+7)/8), true
	for i, v := range values {
		binaryOnly = binaryOnly && (v == 0 || v == 1)
		if v == 1 {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	if binaryOnly {
		return append([]byte{coded01}, bits...)
	}
	out := []byte{codedFloats}
	for _, v := range values {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return out
}

// decodeValues reads the values of n documents.
func decodeValues(data []byte, n int) ([]float64, error) {
	if len(data) == 0 {
		return nil, errAnswers
	}
	kind, data := data[0], data[1:]
	size := (n + 7) / 8
	if kind == codedFloats {
		size = 8 * n
	}
	if kind > codedFloats || len(data) != size {
		return nil, errAnswers
	}
	out := make([]float64, n)
	for i := range out {
		if kind == codedFloats {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		} else if data[i/8]&(1<<(i%8)) != 0 {
			out[i] = 1
		}
	}
	return out, nil
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
