package bounded

import (
	"errors"
	"strings"
	"testing"
)

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

var kept []byte

func TestRun(t *testing.T) {
	for size, want := range map[int]bool{1 << 20: false, 64 << 20: true} {
		r := &recorder{}
		if Run(r, 32<<20, func() { kept = make([]byte, size) }); r.failed != want {
			t.Errorf("%d bytes: failed %v", size, r.failed)
		}
	}
}

func TestError(t *testing.T) {
	for text, want := range map[string]bool{"a.json: no object": false, "a\nb": true, "\x1b[31m": true, strings.Repeat("x", MostError+1): true} {
		r := &recorder{}
		if Error(r, errors.New(text)); r.failed != want {
			t.Errorf("%.20q: failed %v", text, r.failed)
		}
	}
}
