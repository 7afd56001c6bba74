package random

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type vectors struct {
	Seed    int64
	Bits32  []uint32
	Bits    [][2]any
	Random  []string
	Below   [][2]int
	Samples []indexRow
	After   []uint32
}

// indexRow is [n, k, indices].
type indexRow struct {
	n, k int
	want []int
}

func (r *indexRow) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&r.n, &r.k, &r.want})
}

// TestAgainstCPython replays in order what scripts/fixtures/py_values.py drew from random.Random.
func TestAgainstCPython(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vectors
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Run(strconv.FormatInt(v.Seed, 10), func(t *testing.T) { replay(t, v) })
	}
}

func replay(t *testing.T, v vectors) {
	r := New(v.Seed)
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
	for i, want := range v.Bits32 {
		check("getrandbits(32) "+strconv.Itoa(i), r.Uint32(), want)
	}
	for _, row := range v.Bits {
		k := int(row[0].(float64))
		check("getrandbits "+strconv.Itoa(k), strconv.FormatUint(r.Bits(k), 10), row[1])
	}
	for _, hex := range v.Random {
		want, err := strconv.ParseFloat(hex, 64)
		if err != nil {
			t.Fatal(err)
		}
		check("random", r.Float64(), want)
	}
	for _, row := range v.Below {
		check("randbelow "+strconv.Itoa(row[0]), r.Below(row[0]), row[1])
	}
	for _, row := range v.Samples {
		check("sample", r.Sample(row.n, row.k), row.want)
	}
	for range 700 {
		r.Uint32()
	}
	for _, want := range v.After {
		check("getrandbits(32) after 700 more", r.Uint32(), want)
	}
}

// TestFewShotSeed holds the draws that published few-shot prompts with seed 1234 rest on (CPython 3.11).
func TestFewShotSeed(t *testing.T) {
	r := New(1234)
	for _, want := range [][]int{{6374, 3610, 957, 61, 742}, {7462, 6610, 4769, 286, 5501}, {5677, 687, 806, 6279, 2905}} {
		if got := r.Sample(7473, 5); !slices.Equal(got, want) {
			t.Errorf("sample(range(7473), 5) = %v, want %v", got, want)
		}
	}
	if got, want := New(1234).Sample(80, 6), []int{56, 14, 0, 11, 74, 4}; !slices.Equal(got, want) {
		t.Errorf("sample(range(80), 6) = %v, want %v", got, want)
	}
}

func TestSampleIsASubset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		got := New(rapid.Int64().Draw(t, "seed")).Sample(n, k)
		slices.Sort(got)
		if len(slices.Compact(got)) != k || k > 0 && (got[0] < 0 || got[k-1] >= n) {
			t.Fatalf("sample(range(%d), %d) is not %d distinct indices", n, k, k)
		}
	})
}
