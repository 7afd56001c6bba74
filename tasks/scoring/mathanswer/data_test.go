package mathanswer

import (
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/py"
)

var subjects = []string{"algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra", "precalculus"}

// TestRealAnswers judges every distinct answer of MATH against itself. Equal
// spellings are equal in any case; how many answers are understood shows what
// the judge can do with answers that are spelled in other ways.
func TestRealAnswers(t *testing.T) {
	seen := map[string]bool{}
	unknown, opaque, n := 0, 0, 0
	for _, subject := range subjects {
		for _, doc := range load(t, "EleutherAI/hendrycks_math", subject) {
			n++
			answer, ok := Extract(field(t, doc, "solution"))
			if !ok {
				t.Errorf("no boxed answer in %q", field(t, doc, "solution"))
			}
			if seen[answer] {
				continue
			}
			seen[answer] = true
			switch Compare(answer, answer) {
			case Different:
				t.Errorf("%q differs from itself", answer)
			case Unknown:
				unknown++
			}
			c := &calc{}
			v, ok := read(c, answer)
			if !ok {
				opaque++
				t.Logf("not understood: %q", answer)
			} else if w := c.compare(v, v); w == Different {
				t.Errorf("what %q is read as differs from itself", answer)
			}
			if !Equivalent(answer, answer) {
				t.Errorf("%q is not equivalent to itself", answer)
			}
		}
	}
	percent := func(k int) float64 { return 100 * float64(k) / float64(len(seen)) }
	t.Logf("%d answers, %d distinct: %.1f %% unknown, %.1f %% not understood", n, len(seen), percent(unknown), percent(opaque))
	if n != 5000 || percent(unknown) > 10 || percent(opaque) > 2 {
		t.Error("too few answers are understood")
	}
}

// TestAnswerColumn holds extraction against MATH-500's column of answers.
func TestAnswerColumn(t *testing.T) {
	docs := load(t, "HuggingFaceH4/MATH-500", "default")
	for _, doc := range docs {
		boxed, _ := Extract(field(t, doc, "solution"))
		answer := field(t, doc, "answer")
		if v := Compare(boxed, answer); v != Equal {
			t.Errorf("%q is boxed, the answer is %q: %s", boxed, answer, v)
		}
	}
	if len(docs) != 500 {
		t.Errorf("%d documents", len(docs))
	}
}

func load(t *testing.T, path, config string) []*py.Dict {
	t.Helper()
	s, err := dataset.NewStore(dataset.Options{Hub: filepath.Join(sharedtest.Dir(t), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	split, err := s.Load(t.Context(), dataset.Ref{Path: path, Config: config}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return split.Docs
}

func field(t *testing.T, doc *py.Dict, name string) string {
	t.Helper()
	v, _ := doc.Get(name)
	s, ok := v.(string)
	if !ok {
		t.Fatalf("column %s: %s", name, py.Repr(v))
	}
	return s
}
