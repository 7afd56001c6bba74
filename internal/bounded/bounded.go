// Package bounded holds fuzz targets to what reading a stranger's file may
// cost, and to what may be said of it.
package bounded

import (
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode"
)

// Most is what one input may take: much more than any honest one of the size
// that a fuzzer tries.
const Most = 10 * time.Second

// MostError is the length of an error, in bytes.
const MostError = 700

// Run calls f and fails the test if it allocates more than that many bytes,
// freed ones included, or takes longer than Most.
func Run(t testing.TB, bytes uint64, f func()) {
	t.Helper()
	before, start := allocated(), time.Now()
	f()
	if got := allocated() - before; got > bytes {
		t.Errorf("%d MB were allocated, at most %d may be", got>>20, bytes>>20)
	}
	if took := time.Since(start); took > Most {
		t.Errorf("it took %v", took)
	}
}

// Error fails the test if what is said of an input is not one short line:
// names and numbers out of it are to be cut.
func Error(t testing.TB, err error) {
	t.Helper()
	s := err.Error()
	if len(s) > MostError || strings.ContainsFunc(s, unicode.IsControl) {
		t.Errorf("an error of %d bytes, not of one short line: %.1000q", len(s), s)
	}
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
