//go:build cuda && linux

package cuda_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

// needsEmulator skips a test on a real driver, or without one.
func needsEmulator(t *testing.T) {
	t.Helper()
	if all, err := cuda.Devices(); err != nil || !strings.HasPrefix(all[0].Name, "emulator") {
		t.Skip("for the emulator alone")
	}
}

// calls returns how many calls the emulated driver has had, and how many of
// them waited for the device; zeros of another.
func calls(t *testing.T) (all, waits int) {
	t.Helper()
	d, err := cu.GetDevice(0)
	if err != nil {
		t.Fatal(err)
	}
	for i, to := range []*int{&all, &waits} {
		if *to, err = d.Attribute(cu.DeviceAttribute(1000000 + i)); err != nil {
			return 0, 0
		}
	}
	return all, waits
}

// generation decodes sequences side by side: greedily, and drawn at several
// temperatures. Every few steps one ends. It tells each step's calls.
func generation(t *testing.T, m *model.Model, sequences, steps int, each func(step, calls, waits int)) string {
	t.Helper()
	r := rand.New(rand.NewPCG(31, uint64(sequences)))
	kv := newKV(t, m, 3*sequences)
	defer kv.Close()
	type sequence struct {
		pages []model.PageID
		last  int32
		at    int
		said  []string
	}
	ask := func(q *sequence, i int) model.Output {
		o := model.Output{Target: -1}
		if i%3 > 0 {
			o.Draw = &model.Draw{Temperature: []float64{0, 0.7, 2}[i%3], TopP: []float64{0, 0.8}[i%2], Share: r.Float64()}
		}
		return o
	}
	var active []*sequence
	var all []*sequence
	for i := range sequences {
		q := &sequence{}
		for range 3 {
			p, _ := kv.Alloc()
			q.pages = append(q.pages, p)
		}
		prompt := tokensOf(m, 1+r.IntN(70))
		q.at = len(prompt)
		first := model.Output{Row: len(prompt) - 1, Target: -1}
		segs := []model.Segment{{Tokens: prompt, Pages: q.pages, Outputs: []model.Output{first}}}
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		q.last = (segs[0].Outputs[0].Argmax + int32(i)) % int32(m.Config().Vocab)
		active, all = append(active, q), append(all, q)
	}
	for step := range steps {
		if step%5 == 4 && len(active) > 1 {
			active = slices.Delete(active, r.IntN(len(active)), len(active))
			if len(active) == 0 {
				active = all[:1]
			}
		}
		var segs []model.Segment
		for i, q := range active {
			segs = append(segs, model.Segment{Tokens: []int32{q.last}, Start: q.at, Pages: q.pages, Outputs: []model.Output{ask(q, i)}})
		}
		before, waited := calls(t)
		if err := m.Forward(kv, segs); err != nil {
			t.Fatal(err)
		}
		after, waits := calls(t)
		each(step, after-before, waits-waited)
		for i, q := range active {
			o := segs[i].Outputs[0]
			q.last, q.at = o.Argmax, q.at+1
			said := fmt.Sprintf("%d %x %x", o.Argmax, o.ArgmaxLogProb, o.LogSumExp)
			if o.Draw != nil {
				q.last = o.Draw.Token
				said += fmt.Sprintf(" drew %d %x", o.Draw.Token, o.Draw.LogProb)
			}
			q.said = append(q.said, said)
		}
	}
	var text strings.Builder
	for i, q := range all {
		fmt.Fprintf(&text, "sequence %d:\n%s\n", i, strings.Join(q.said, "\n"))
	}
	return text.String()
}

func ignore(int, int, int) {}

// firstDifference returns the first line that differs.
func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d: %q, want %q", i, x[i], y[i])
		}
	}
	return "one is longer"
}

// Decoding gives the same bits and draws the same tokens from recorded graphs,
// from single launches and, in mode exact, on the CPU.
func TestDecodeFromGraphs(t *testing.T) {
	for _, o := range tiny {
		for _, fast := range []bool{false, true} {
			t.Run(fmt.Sprint(o.Architecture, o.Type, fast), func(t *testing.T) {
				path := tinymodel.New(t, o)
				const sequences, steps = 4, 8
				recorded := generation(t, onGPU(t, path, fast), sequences, steps, ignore)
				cuda.WithoutGraphs(func() {
					if plain := generation(t, onGPU(t, path, fast), sequences, steps, ignore); plain != recorded {
						t.Errorf("single launches: %s", firstDifference(plain, recorded))
					}
				})
				if fast {
					return
				}
				if cpu := generation(t, open(t, path, model.Options{Threads: 1}), sequences, steps, ignore); cpu != recorded {
					t.Errorf("on the CPU: %s", firstDifference(cpu, recorded))
				}
			})
		}
	}
}

// A driver that refuses graphs is told of once, and changes no bits.
func TestGraphsRefused(t *testing.T) {
	needsEmulator(t)
	path := tinymodel.New(t, tiny[0])
	want := generation(t, onGPU(t, path, true), 3, 6, ignore)
	t.Setenv("LLAMAEVAL_EMU_CAPTURE", "0")
	m, said := onGPUNoticed(t, path, true)
	if got := generation(t, m, 3, 6, ignore); got != want {
		t.Error(firstDifference(got, want))
	}
	if len(*said) != 1 || !strings.HasPrefix((*said)[0], "the driver refuses to record graphs, ") || !strings.HasSuffix((*said)[0], "the driver cannot do this (CUDA error 801)") {
		t.Errorf("notices %q", *said)
	}
}

// A step of decoding whose shape comes for the third time takes few calls,
// whatever the model, one of which waits; before it takes two for every kernel.
func TestCallsOfDecoding(t *testing.T) {
	needsEmulator(t)
	for _, fast := range []bool{false, true} {
		m := onGPU(t, tinymodel.New(t, tinymodel.Options{Seed: 11, Type: quant.Q8_0, Layers: 6}), fast)
		var all []int
		generation(t, m, 5, 4, func(step, calls, waits int) {
			all = append(all, calls)
			if waits != 1 && step > 0 {
				t.Errorf("step %d waits %d times", step, waits)
			}
		})
		// Sending, starting, fetching, waiting, each after naming the context.
		if all[0] < 6*8 || all[3] > 8 {
			t.Errorf("fast %v: calls by step: %v", fast, all)
		}
		t.Logf("fast %v: calls by step: %v", fast, all)
	}
}
