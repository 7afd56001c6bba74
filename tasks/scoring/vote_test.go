package scoring

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestMajority(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want int
	}{
		{[]string{"a"}, 0},
		{[]string{"a", "b", "b"}, 1},
		{[]string{"b", "a", "a", "b"}, 0}, // a tie: the first to occur
		{[]string{"", "", "a"}, 2},        // no answer, no vote
		{[]string{"", ""}, 0},
		{[]string{"c", "a", "b", "b", "a"}, 1},
	} {
		if got := Majority(c.keys); got != c.want {
			t.Errorf("%q: %d, want %d", c.keys, got, c.want)
		}
	}
}

// The winner has no fewer votes than any other answer, and stands first among
// its equals.
func TestMajorityWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c"}), 1, 12).Draw(t, "keys")
		count := func(k string) (n int) {
			for _, o := range keys {
				if o == k && k != "" {
					n++
				}
			}
			return n
		}
		w := Majority(keys)
		for i, k := range keys {
			if count(k) > count(keys[w]) || count(k) == count(keys[w]) && i < w {
				t.Fatalf("%q: %d wins over %d", keys, w, i)
			}
		}
	})
}

func TestVoteSizes(t *testing.T) {
	for n, want := range map[int][]int{2: {2}, 8: {8}, 20: {8, 20}, 64: {8, 40, 64}} {
		if got := VoteSizes([]int{64, 8, 1, 40, 8}, n); !slices.Equal(got, want) {
			t.Errorf("n %d: %v, want %v", n, got, want)
		}
	}
}

// Answers that a metric counts as the same have the same vote.
func TestAnswerKeys(t *testing.T) {
	spec, err := NewMetric("exact_match", args("ignore_case", true, "regexes_to_ignore", []any{",", `\$`}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key  func(py.Value) (py.Value, error)
		a, b string
		same bool
	}{
		{spec.Key, "$1,250", "1250", true},
		{spec.Key, "1250", "1251", false},
		{HendrycksKey, `it is $\dfrac12$.`, `$\frac{1}{2}$`, true},
		{HendrycksKey, `$1$`, `$2$`, false},
	} {
		a, err1 := c.key(c.a)
		b, err2 := c.key(c.b)
		if err1 != nil || err2 != nil || (a == b) != c.same {
			t.Errorf("%q and %q: %q and %q, %v %v", c.a, c.b, a, b, err1, err2)
		}
	}
}
