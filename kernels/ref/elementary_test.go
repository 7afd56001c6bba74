package ref_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/ref"
)

func TestLog64(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.00371 {
		if got, want := ref.Log64(x), math.Log(x); math.Abs(got-want) > 4e-16*math.Abs(want) {
			t.Fatalf("Log64(%v) is %v, want %v", x, got, want)
		}
	}
	for x, want := range map[float64]float64{1: 0, 0: math.Inf(-1), math.Inf(1): math.Inf(1), 0x1p-1074: -1074 * math.Ln2} {
		if got := ref.Log64(x); got != want {
			t.Errorf("Log64(%v) is %v, want %v", x, got, want)
		}
	}
	if x := ref.Log64(-1); x == x {
		t.Error("Log64(-1) is a number")
	}
}

func TestSincos64(t *testing.T) {
	for x := -30.0; x < 1<<20; x += max(0.00137, x*0.0000731) {
		sin, cos := ref.Sincos64(x)
		wantSin, wantCos := math.Sincos(x)
		if math.Abs(sin-wantSin) > 4e-16 || math.Abs(cos-wantCos) > 4e-16 {
			t.Fatalf("Sincos64(%v) is (%v, %v), want (%v, %v)", x, sin, cos, wantSin, wantCos)
		}
	}
	if sin, cos := ref.Sincos64(0); sin != 0 || cos != 1 {
		t.Errorf("at 0: %v, %v", sin, cos)
	}
}

func TestTanh(t *testing.T) {
	for x := float32(-12); x < 12; x += 0.00037 {
		if got, want := float64(ref.Tanh(x)), math.Tanh(float64(x)); math.Abs(got-want) > 2.5e-7*math.Abs(want) {
			t.Fatalf("Tanh(%v) is %v, want %v", x, got, want)
		}
	}
	inf := float32(math.Inf(1))
	if ref.Tanh(0) != 0 || ref.Tanh(inf) != 1 || ref.Tanh(-inf) != -1 {
		t.Errorf("at 0 and the ends: %v %v %v", ref.Tanh(0), ref.Tanh(inf), ref.Tanh(-inf))
	}
	if x := ref.Tanh(float32(math.NaN())); x == x {
		t.Error("Tanh(NaN) is a number")
	}
}

// The standard library gives amd64 and arm64 different bits for some of these;
// one digest that holds on both shows that package ref does not.
func TestElementaryBits(t *testing.T) {
	var bits []byte
	for x := 0.01; x < 1e6; x *= 1.0173 {
		sin, cos := ref.Sincos64(x)
		for _, y := range []float64{sin, cos, ref.Log64(x), ref.Exp64(-x / 2e3), float64(ref.Exp(float32(x/2e4) - 60))} {
			bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(y))
		}
	}
	const want = "a58e97bee13035adc122921ebce8b977126c174a11142a7be3191f5471389608"
	if got := fmt.Sprintf("%x", sha256.Sum256(bits)); got != want {
		t.Errorf("SHA-256 of the results is %s, want %s", got, want)
	}
}
