//go:build cuda && linux

package cuda

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// blocks returns random blocks of n weights, none of them large; nothing for
// floats.
func blocks(t testing.TB, r *rand.Rand, kind quant.Type, n int) []byte {
	t.Helper()
	if kind == quant.F32 || kind == quant.F16 || kind == quant.BF16 {
		return make([]byte, 0, 4*n)
	}
	var data []byte
	values := make([]float32, kind.BlockSize())
	for range n / len(values) {
		block := make([]byte, kind.BlockBytes())
		for good := false; !good; {
			for i := range block {
				block[i] = byte(r.Uint32())
			}
			if err := quant.Dequantize(values, kind, block); err != nil {
				t.Fatal(err)
			}
			good = !slices.ContainsFunc(values, func(x float32) bool { return !(math.Abs(float64(x)) < 64) })
		}
		data = append(data, block...)
	}
	return data
}

// formats are those that kernels read, and one that is widened before.
func formats() []quant.Type {
	all := []quant.Type{quant.F64}
	for kind := range layouts {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

// Weights of all formats are the floats that package quant decodes, as rows of
// an embedding and as factors, and take the memory that they take in a file.
func TestFormatsEqualQuant(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(21, 22))
	const rows, cols, k = 35, 70, 512
	for _, kind := range formats() {
		w, values := weightOf(t, b, r, kind, cols, k)
		m := newMatrix(b, 3, k)
		b.Embed(m, w, []int32{cols - 1, 0, 7}, 1)
		want := slices.Concat(values[(cols-1)*k:], values[:k], values[7*k:8*k])
		if err := sameBits(download(t, b, m, 3), want); err != nil {
			t.Errorf("%v, embedded: %v", kind, err)
			continue
		}
		x := random(r, rows*k)
		product := make([]float32, rows*cols)
		ref.MatMul(product, x, values, rows, cols, k)
		for _, n := range []int{2, rows} {
			dst := newMatrix(b, n, cols)
			b.Multiply(upload(b, rows, x), n, kernels.Product{Dst: dst, Weight: w})
			if err := sameBits(download(t, b, dst, n), product[:n*cols]); err != nil {
				t.Errorf("%v, %d rows: %v", kind, n, err)
			}
		}
		if _, read := layouts[kind]; read {
			bytes, _ := kind.RowBytes(k)
			if got := w.rowBytes(); got < bytes || got > bytes*6/5 {
				t.Errorf("%v: %d weights take %d bytes, %d in a file", kind, k, got, bytes)
			}
		}
	}
}

// In mode fast few rows, which read weights as they are, and many, which read
// them in bfloat16, have the same bits, near those of rounded factors.
func TestFormatsFast(t *testing.T) {
	b := open(t)
	b.Fast(true)
	r := rand.New(rand.NewPCG(23, 24))
	const rows, cols = 90, 140
	for _, kind := range formats() {
		k := 768 // three blocks, three stages and a half of F16
		if kind.BlockSize() <= 32 {
			k = 416
		}
		w, values := weightOf(t, b, r, kind, cols, k)
		x, before := random(r, rows*k), random(r, rows*cols)
		dst := upload(b, rows, before)
		b.Multiply(upload(b, rows, x), rows, kernels.Product{Dst: dst, Weight: w, Add: true})
		got := download(t, b, dst, rows)
		for i := range rows {
			for j := range cols {
				sum, size := float64(before[i*cols+j]), 1.0
				for d := range k {
					p := float64(ref.RoundBF16(x[i*k+d])) * float64(ref.RoundBF16(values[j*k+d]))
					sum, size = sum+p, size+math.Abs(p)
				}
				if d := math.Abs(float64(got[i*cols+j]) - sum); !(d < 1e-6*size) {
					t.Fatalf("%v: row %d column %d is %v, want %v", kind, i, j, got[i*cols+j], sum)
				}
			}
		}
		sliced := upload(b, rows, before)
		inScratch(2*128*k, func() {
			b.Multiply(upload(b, rows, x), rows, kernels.Product{Dst: sliced, Weight: w, Add: true})
		})
		if err := sameBits(download(t, b, sliced, rows), got); err != nil {
			t.Errorf("%v, in slices: %v", kind, err)
		}
		for _, n := range []int{1, 33, mostDirect} {
			alone := upload(b, n, before[(rows-n)*cols:])
			b.Multiply(upload(b, n, x[(rows-n)*k:]), n, kernels.Product{Dst: alone, Weight: w, Add: true})
			if err := sameBits(download(t, b, alone, n), got[(rows-n)*cols:]); err != nil {
				t.Errorf("%v, %d rows: %v", kind, n, err)
			}
		}
	}
}

// An output weight is the same as a whole in bfloat16, in slices of it, and as
// the file has it, which few rows read; a row of logits is near the products.
func TestScoreFast(t *testing.T) {
	b := open(t)
	b.Fast(true)
	r := rand.New(rand.NewPCG(25, 26))
	const vocabulary, rows = 700, mostDirect + 3
	for _, kind := range []quant.Type{quant.Q8_0, quant.F16, quant.F32, quant.Q4_K, quant.IQ3_S, quant.BF16} {
		k := max(64, kind.BlockSize())
		w, values := weightOf(t, b, r, kind, vocabulary, k)
		x := random(r, rows*k)
		score := func(first int) []kernels.Logits {
			out := make([]kernels.Logits, rows-first)
			last := &out[len(out)-1]
			last.Targets, last.All = []int32{3, 650}, make([]float32, vocabulary)
			if err := b.Score(upload(b, len(out), x[first*k:]), w, 0, out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		whole := score(0)
		var sliced []kernels.Logits
		inScratch(2*ref.VocabularyChunk*k, func() { sliced = score(0) })
		for name, got := range map[string][]kernels.Logits{"in slices": sliced, "one row": score(rows - 1), "few rows": score(5)} {
			for i := range got {
				a, c := whole[rows-len(got)+i], got[i]
				if a.LogSumExp != c.LogSumExp || a.Argmax != c.Argmax || !slices.Equal(a.Target, c.Target) || !slices.Equal(a.All, c.All) {
					t.Errorf("%v, %s, row %d: %v, want %v", kind, name, i, c.LogSumExp, a.LogSumExp)
				}
			}
		}
		nearProducts(t, kind, x[(rows-1)*k:], values, whole[rows-1])
	}
}

// nearProducts compares a row's answer with the products of rounded factors.
func nearProducts(t *testing.T, kind quant.Type, row, values []float32, got kernels.Logits) {
	t.Helper()
	for i := range row {
		row[i] = ref.RoundBF16(row[i])
	}
	for i := range values {
		values[i] = ref.RoundBF16(values[i])
	}
	product := make([]float32, len(got.All))
	ref.MatMul(product, row, values, 1, len(product), len(row))
	want := ref.LogSoftmax(product)
	if d := got.LogSumExp - want.LogSumExp(); !(math.Abs(d) < 1e-3) || math.Abs(float64(product[got.Argmax]-product[want.Argmax])) > 1e-3 {
		t.Errorf("%v: log-sum-exp %v and token %d, want %v and %d", kind, got.LogSumExp, got.Argmax, want.LogSumExp(), want.Argmax)
	}
}

// A weight larger than the buffers that it travels in arrives whole.
func TestFerry(t *testing.T) {
	b := open(t)
	data := make([]byte, 3*ferryBytes/18*18)
	for i := range data {
		data[i] = byte(i * 7 / 5)
	}
	l := layouts[quant.Q4_0]
	at, err := b.device.Alloc(int64(len(data) / 18 * 20))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.ferry.carry(b.stream, at, data, 18, l); err != nil {
		t.Fatal(err)
	}
	got, want := make([]byte, len(data)/18*20), make([]byte, len(data)/18*20)
	pad(want, data, 18, l)
	b.check(b.stream.Download(got, at))
	if err := b.wait(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) || want[1] != data[1] || want[4] != data[2] || want[20] != data[18] {
		t.Error("other bytes arrived than were sent")
	}
}

// inScratch runs f with so many bytes of scratch memory.
func inScratch(bytes int, f func()) {
	defer func(before int) { scratchBytes = before }(scratchBytes)
	scratchBytes = bytes
	f()
}
