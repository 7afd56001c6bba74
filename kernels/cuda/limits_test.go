//go:build cuda && linux

package cuda

import "testing"

func TestLimits(t *testing.T) {
	l, err := open(t).Limits(2, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if l.F32 <= 0 || l.BF16 <= 0 || l.Memory <= 0 || l.Processors <= 0 {
		t.Errorf("%+v", l)
	}
}
