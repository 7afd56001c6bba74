package model_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/model"
)

// A checkpoint is a case of scripts/checkpoints/cases.py.
type checkpoint struct {
	Name, Family, About string
	Formats             []string
	Tokens              []int32
}

// checkpointFormats are the formats that model.Open reads, and what a
// checkpoint's path ends with.
var checkpointFormats = []struct{ name, ending string }{{"gguf", ".gguf"}, {"safetensors", ""}}

func checkpoints(t *testing.T) (dir string, list []checkpoint) {
	t.Helper()
	dir = sharedtest.Checkpoints(t)
	text, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return dir, list
}

// eachCheckpoint runs a test on each case in each format.
func eachCheckpoint(t *testing.T, test func(t *testing.T, c checkpoint, path string)) {
	dir, list := checkpoints(t)
	for _, c := range list {
		for _, f := range checkpointFormats {
			for _, has := range c.Formats {
				if has == f.name {
					t.Run(c.Name+"/"+f.name, func(t *testing.T) { test(t, c, filepath.Join(dir, c.Name+f.ending)) })
				}
			}
		}
	}
}

// A checkpoint gives the same bits in both formats: rows that turn together
// end up in the same order, and angles are computed from the same numbers.
func TestFormatsAgree(t *testing.T) {
	dir, list := checkpoints(t)
	for _, c := range list {
		if len(c.Formats) < len(checkpointFormats) {
			continue
		}
		var first []model.Output
		for _, f := range checkpointFormats {
			got := alone(t, open(t, filepath.Join(dir, c.Name+f.ending), model.Options{}), c.Tokens)
			if first == nil {
				first = got
			}
			mustAgree(t, c.Name+" as "+f.name, got, first)
		}
	}
}

// logitLimit is how far logits in float32 may be from the reference's.
const logitLimit = 2e-4

// Logits of random checkpoints are those of transformers in float32.
func TestCheckpointLogits(t *testing.T) {
	eachCheckpoint(t, func(t *testing.T, c checkpoint, path string) {
		worst, where, size := compareLogits(t, c, path)
		t.Logf("largest difference %.1e, largest logit %.1f", worst, size)
		if !(worst <= logitLimit) {
			t.Errorf("difference %.1e: %s", worst, where)
		}
		if size < 1 {
			t.Errorf("the largest logit is %v: too small to show an error", size)
		}
	})
}

// compareLogits returns the largest difference from the reference's logits,
// where it is, and the largest logit.
func compareLogits(t *testing.T, c checkpoint, path string) (worst float64, where string, size float64) {
	t.Helper()
	m := open(t, path, model.Options{})
	vocab := m.Config().Vocab
	data, err := os.ReadFile(filepath.Join(sharedtest.Checkpoints(t), c.Name+".logits"))
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != 4*len(c.Tokens)*vocab {
		t.Fatalf("%d bytes of logits for %d tokens and a vocabulary of %d", len(data), len(c.Tokens), vocab)
	}
	for i, o := range alone(t, m, c.Tokens) {
		for j, got := range o.Logits {
			want := math.Float32frombits(binary.LittleEndian.Uint32(data[4*(i*vocab+j):]))
			size = max(size, math.Abs(float64(want)))
			if d := math.Abs(float64(got) - float64(want)); !(d <= worst) {
				worst, where = d, fmt.Sprintf("logit %d after token %d is %v, want %v", j, i, got, want)
			}
		}
	}
	return worst, where, size
}

// Cut into steps beside another sequence, on any instruction set and number of
// threads, a checkpoint of any family gives the bits it gives alone.
func TestCheckpointsAreInvariant(t *testing.T) {
	eachCheckpoint(t, func(t *testing.T, c checkpoint, path string) {
		r := rand.New(rand.NewPCG(1, uint64(len(c.Name))))
		var want [2][]model.Output
		for i, isa := range cpu.Available() {
			if isa == "portable" && testing.Short() {
				continue
			}
			m := open(t, path, model.Options{ISA: isa, Threads: 1 + i})
			tokens := [2][]int32{c.Tokens, c.Tokens[len(c.Tokens)/3:]}
			if i == 0 {
				want = [2][]model.Output{alone(t, m, tokens[0]), alone(t, m, tokens[1])}
			}
			inSteps(t, m, r, tokens, want)
		}
	})
}

// inSteps computes two sequences in steps of random sizes and compares bits.
func inSteps(t *testing.T, m *model.Model, r *rand.Rand, tokens [2][]int32, want [2][]model.Output) {
	t.Helper()
	kv := newKV(t, m, len(tokens[0])/32+4)
	defer kv.Close()
	pages := [2][]model.PageID{pagesOf(t, kv, len(tokens[0])), pagesOf(t, kv, len(tokens[1]))}
	var done [2]int
	for done[0] < len(tokens[0]) || done[1] < len(tokens[1]) {
		var segs []model.Segment
		var of []int
		for i, all := range tokens {
			if n := min(len(all)-done[i], r.IntN(90)); n > 0 {
				outputs := eachRow(all, m.Config().Vocab)[done[i] : done[i]+n]
				for j := range outputs {
					outputs[j].Row = j
				}
				segs = append(segs, model.Segment{Tokens: all[done[i] : done[i]+n], Start: done[i], Pages: pages[i], Outputs: outputs})
				of = append(of, i)
			}
		}
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		for k, s := range segs {
			mustAgree(t, fmt.Sprintf("%s, steps", m.ISA()), s.Outputs, want[of[k]][s.Start:])
			done[of[k]] += len(s.Tokens)
		}
	}
}
