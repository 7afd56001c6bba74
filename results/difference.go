package results

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// A Difference is a column of a sample that is not, to the bit, what was
// stored.
type Difference struct {
	Task   string `json:"task"`
	DocID  int32  `json:"doc_id"`
	Field  string `json:"field"`  // the column, with the place of its first differing value: token_logprobs[1][3]
	Values int    `json:"values"` // values of the column that differ
	Stored string `json:"stored"` // the first of them, "absent" where there is none
	Now    string `json:"now"`
}

// Differences compares every value that a run computes for a document, two
// floats by their bits. It returns how many values were compared, one that
// only one side has included, and one Difference for each column with any.
// Prompt and document are compared by their hashes.
func Differences(stored, now Sample) (values int, out []Difference) {
	before, after := stored.computed(), now.computed()
	for i, column := range before {
		d := Difference{Task: stored.Task, DocID: stored.DocID}
		theirs := after[i].cells
		for _, place := range union(column, after[i]) {
			values++
			a, inA := column.cells[place]
			b, inB := theirs[place]
			if inA && inB && a == b {
				continue
			}
			if d.Values++; d.Values == 1 {
				d.Field, d.Stored, d.Now = column.name+place, orAbsent(a, inA), orAbsent(b, inB)
			}
		}
		if d.Values > 0 {
			out = append(out, d)
		}
	}
	return values, out
}

// union lists the places of both columns, those of a first.
func union(a, b column) []string {
	out := slices.Clip(a.places)
	for _, place := range b.places {
		if _, ok := a.cells[place]; !ok {
			out = append(out, place)
		}
	}
	return out
}

func orAbsent(text string, ok bool) string {
	if !ok {
		return "absent"
	}
	return text
}

// A column is one column of one sample as texts that are equal where the
// values' bits are.
type column struct {
	name   string
	places []string // in order: "", "[0]", "[0][2]", "[acc]"
	cells  map[string]string
}

func newColumn(name string) column { return column{name: name, cells: map[string]string{}} }

func (c *column) add(place, text string) {
	c.places = append(c.places, place)
	c.cells[place] = text
}

// computed lists the columns that a run computes.
func (s Sample) computed() []column {
	return []column{
		listed("doc_hash", []string{s.DocHash}, plain),
		listed("prompt_hash", []string{s.PromptHash}, plain),
		listed("context_tokens", s.ContextTokens, integer),
		listed("continuation_tokens", s.ContinuationTokens, integer),
		listed("truncated_tokens", []int32{s.TruncatedTokens}, integer),
		nested("token_ids", s.TokenIDs, integer),
		nested("token_logprobs", s.TokenLogProbs, func(f float32) string { return float(float64(f), 32) }),
		listed("loglikelihoods", s.LogLikelihoods, func(f float64) string { return float(f, 64) }),
		listed("is_greedy", s.IsGreedy, strconv.FormatBool),
		listed("generations", s.Generations, strconv.Quote),
		listed("finish", s.Finish, plain),
		keyed("filtered", s.Filtered, func(c *column, place string, texts []string) {
			for i, text := range texts {
				c.add(fmt.Sprintf("%s[%d]", place, i), strconv.Quote(text))
			}
		}),
		listed("target", s.Target, strconv.Quote),
		keyed("metrics", s.Metrics, func(c *column, place string, f float64) { c.add(place, float(f, 64)) }),
	}
}

func listed[T any](name string, values []T, text func(T) string) column {
	c := newColumn(name)
	for i, v := range values {
		c.add(fmt.Sprintf("[%d]", i), text(v))
	}
	return c
}

func nested[T any](name string, values [][]T, text func(T) string) column {
	c := newColumn(name)
	for i, list := range values {
		for k, v := range list {
			c.add(fmt.Sprintf("[%d][%d]", i, k), text(v))
		}
	}
	return c
}

func keyed[T any](name string, values map[string]T, add func(*column, string, T)) column {
	c := newColumn(name)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		add(&c, "["+key+"]", values[key])
	}
	return c
}

func plain(s string) string { return s }

func integer(i int32) string { return strconv.Itoa(int(i)) }

// float writes a float so that equal texts mean equal bits: the shortest
// digits that read back as it, for a NaN its payload.
func float(f float64, bits int) string {
	if math.IsNaN(f) {
		return fmt.Sprintf("NaN(%#x)", math.Float64bits(f))
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}
