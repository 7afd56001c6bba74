package prompts

import (
	"errors"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func numbered(n int) []*py.Dict {
	docs := make([]*py.Dict, n)
	for i := range docs {
		docs[i] = py.NewDict()
		docs[i].Set("i", int64(i))
	}
	return docs
}

func numbers(docs []*py.Dict) []int {
	out := make([]int, len(docs))
	for i, d := range docs {
		v, _ := d.Get("i")
		out[i] = int(v.(int64))
	}
	return out
}

func draw(t *testing.T, s sampler, id int, doc *py.Dict) []int {
	t.Helper()
	got, err := s.exemplars(id, doc)
	if err != nil {
		t.Fatal(err)
	}
	return numbers(got)
}

// The reference's draws for GSM8K's pool: three documents in a row, 5 shots
// (golden vectors of CPython 3.11, seed 1234).
func TestReferenceDrawsPerDocument(t *testing.T) {
	s, err := newSampler("t", "default", Reference, 1234, Pool{Docs: numbered(7473)}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int{{6374, 3610, 957, 61, 742}, {7462, 6610, 4769, 286, 5501}, {5677, 687, 806, 6279, 2905}} {
		if got := draw(t, s, i, numbered(1)[0]); !slices.Equal(got, want) {
			t.Errorf("document %d: %v, want %v", i, got, want)
		}
	}
}

// With exclusion one more is drawn and the evaluated document removed.
func TestReferenceExcludesTheDocument(t *testing.T) {
	pool := Pool{Docs: numbered(39905), ExcludeDoc: true}
	drawn := []int{28883, 7657, 490, 5940, 38156, 2288, 5500, 6450, 23241, 15519, 1142}
	for _, tt := range []struct {
		doc  int
		want []int
	}{{0, drawn[:10]}, {490, slices.Concat(drawn[:2], drawn[3:])}} {
		s, err := newSampler("t", "default", Reference, 1234, pool, 10)
		if err != nil {
			t.Fatal(err)
		}
		if got := draw(t, s, 0, pool.Docs[tt.doc]); !slices.Equal(got, tt.want) {
			t.Errorf("document %d: %v, want %v", tt.doc, got, tt.want)
		}
	}
}

func TestFixedDrawsOnce(t *testing.T) {
	pool := Pool{Docs: numbered(7473)}
	s, err := newSampler("t", "default", Fixed, 1234, pool, 8)
	if err != nil {
		t.Fatal(err)
	}
	want := []int{6374, 3610, 957, 61, 742, 7462, 6610, 4769}
	for i := range 3 {
		if got := draw(t, s, i, numbered(1)[0]); !slices.Equal(got, want) {
			t.Errorf("document %d: %v, want %v", i, got, want)
		}
	}
	// An exemplar that is the document itself goes; the others keep their
	// places and the next drawn one is put last, the same one each time.
	got := draw(t, s, 3, pool.Docs[957])
	if !slices.Equal(got[:7], slices.Concat(want[:2], want[3:])) || slices.Contains(want, got[7]) {
		t.Errorf("without 957: %v", got)
	}
	if again := draw(t, s, 4, pool.Docs[61]); again[7] != got[7] {
		t.Errorf("the replacement is %d, then %d", got[7], again[7])
	}
	if after := draw(t, s, 5, numbered(1)[0]); !slices.Equal(after, want) {
		t.Errorf("after a replacement: %v, want %v", after, want)
	}
}

func TestFirstNIsTheSameUnderBothRules(t *testing.T) {
	for _, rule := range []Rule{Fixed, Reference} {
		pool := Pool{Docs: numbered(5), ExcludeDoc: true}
		s, err := newSampler("t", "first_n", rule, 1234, pool, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got := draw(t, s, 0, pool.Docs[1]); !slices.Equal(got, []int{0, 2, 3}) {
			t.Errorf("%v: %v", rule, got)
		}
	}
}

func TestPoolTooSmall(t *testing.T) {
	for _, tt := range []struct {
		rule Rule
		pool Pool
		n    int
	}{
		{Fixed, Pool{Docs: numbered(3)}, 4},
		{Reference, Pool{Docs: numbered(3)}, 4},
		{Reference, Pool{Docs: numbered(3), ExcludeDoc: true}, 3},
	} {
		_, err := newSampler("t", "default", tt.rule, 1, tt.pool, tt.n)
		var small *PoolError
		if !errors.As(err, &small) || small.Shots != tt.n {
			t.Errorf("%v, %d of %d: %v", tt.rule, tt.n, len(tt.pool.Docs), err)
		}
	}
	// The document itself is in the pool and cannot be replaced.
	s, err := newSampler("t", "default", Fixed, 1, Pool{Docs: numbered(3)}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.exemplars(0, numbered(3)[1]); err == nil {
		t.Error("three other exemplars came out of a pool of three")
	}
}
