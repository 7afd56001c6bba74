package results

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What an index holds of a run's documents is their numbers and short names.
func TestDocumentsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.Int32Range(0, math.MaxInt32), 0, 20, rapid.ID).Draw(t, "ids")
		slices.Sort(ids)
		name := rapid.OneOf(rapid.Just(""), rapid.String())
		var d documents
		for _, id := range ids {
			d.add(Outcome{DocID: id, DocHash: name.Draw(t, "hash"), PromptHash: name.Draw(t, "prompt"), Cluster: name.Draw(t, "cluster")})
		}
		back, err := decodeDocuments(d.encode())
		if err != nil || !slices.Equal(back.ids, ids) {
			t.Fatalf("documents %v: %v, %v", ids, back, err)
		}
		for i, pair := range [][2][]string{{d.hashes, back.hashes}, {d.prompts, back.prompts}, {d.groups, back.groups}} {
			for j, text := range pair[0] {
				if pair[1][j] != short(text) {
					t.Errorf("list %d, document %d: %q is %q, want %q", i, j, text, pair[1][j], short(text))
				}
			}
		}
	})
}

func TestShortNames(t *testing.T) {
	if a, b := short("a"), short("b"); short("") != "" || len(a) != 8 || a == b || a != short("a") {
		t.Errorf("names %q and %q, %q for nothing", a, b, short(""))
	}
}

func TestDocumentsTakeLittle(t *testing.T) {
	var d documents
	for id := range int32(100) {
		d.add(Outcome{DocID: id, PromptHash: "p"})
	}
	if n := len(d.encode()); n != 1+100+1+1+8*100+1 {
		t.Errorf("%d bytes", n)
	}
}

// Each cut and each claim that cannot be is refused.
func TestDamagedDocuments(t *testing.T) {
	var d documents
	d.add(Outcome{DocID: 0, DocHash: "a", PromptHash: "b"})
	d.add(Outcome{DocID: 300, DocHash: "c"})
	whole := d.encode()
	for n := range whole {
		if _, err := decodeDocuments(whole[:n]); !errors.Is(err, errAnswers) {
			t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
		}
	}
	last := []byte{0xff, 0xff, 0xff, 0xff, 0x07} // 2^31 - 1
	for name, data := range map[string][]byte{
		"a byte too many":        append(slices.Clone(whole), 0),
		"more documents":         {4, 1, 0, 0},
		"the same twice":         {2, 1, 0, 0, 0, 0},
		"a step too far":         {1, 0x81, 0x80, 0x80, 0x80, 0x08, 0, 0, 0}, // 2^31 + 1
		"a number beyond":        slices.Concat([]byte{2}, last, []byte{2, 0, 0, 0}),
		"neither names nor none": {1, 1, 2, 0, 0},
	} {
		if _, err := decodeDocuments(data); !errors.Is(err, errAnswers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The bounds themselves hold.
	for name, data := range map[string][]byte{
		"none":            {0, 0, 0, 0},
		"the last number": slices.Concat([]byte{2}, last, []byte{1, 0, 0, 0}),
	} {
		if _, err := decodeDocuments(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValuesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.SampledFrom([]float64{0, 1}), rapid.Float64(), rapid.Just(absent))
		if rapid.Bool().Draw(t, "only 0 and 1") {
			number = rapid.SampledFrom([]float64{0, 1})
		}
		values := rapid.SliceOfN(number, 0, 40).Draw(t, "values")
		data := encodeValues(values)
		back, err := decodeValues(data, len(values))
		if err != nil {
			t.Fatal(err)
		}
		simple := true
		for i, v := range values {
			simple = simple && (v == 0 || v == 1)
			if !sameNumber(back[i], v) {
				t.Errorf("value %d of %d: %v is %v", i, len(values), v, back[i])
			}
		}
		if bytes := 1 + (len(values)+7)/8; simple && len(data) != bytes || !simple && len(data) != 1+8*len(values) {
			t.Errorf("%d values, simple %v, take %d bytes", len(values), simple, len(data))
		}
		others := []int{len(values) + 8}
		if len(values) >= 8 {
			others = append(others, len(values)-8)
		}
		for _, n := range others {
			if _, err := decodeValues(data, n); !errors.Is(err, errAnswers) {
				t.Errorf("%d values are read as %d: %v", len(values), n, err)
			}
		}
	})
}

// sameNumber holds zeros of both signs for equal, as a bit each does.
func sameNumber(a, b float64) bool { return a == b || math.Float64bits(a) == math.Float64bits(b) }

func TestAbsentIsNoOtherNaN(t *testing.T) {
	if !isAbsent(absent) || isAbsent(math.NaN()) || isAbsent(0) {
		t.Error("what is absent is taken for a number, or a number for it")
	}
	for _, data := range [][]byte{nil, {2}, {255, 0}} {
		if _, err := decodeValues(data, 1); !errors.Is(err, errAnswers) {
			t.Errorf("values %v: %v", data, err)
		}
	}
}

// All calls are made, and an error of one is that of all.
func TestParallel(t *testing.T) {
	done, failed := make([]bool, 40), errors.New("one of them")
	if err := parallel(len(done), func(i int) error { done[i] = true; return nil }); err != nil || slices.Contains(done, false) {
		t.Errorf("%v, %v", done, err)
	}
	err := parallel(3, func(i int) error {
		if i == 1 {
			return failed
		}
		return nil
	})
	if err != failed {
		t.Errorf("error %v, want that of one call", err)
	}
}
