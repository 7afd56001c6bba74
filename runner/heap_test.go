package runner

import (
	"math"
	"testing"
)

func TestGivenLimitIsKept(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		cache, documents, given, atMost int64
	}{
		{1000 * mb, 50 * mb, math.MaxInt64, 1200 * mb},
		{100 * mb, 50 * mb, 400 * mb, 300 * mb},
		{100 * mb, 50 * mb, 120 * mb, 50*mb + 30e6}, // too small: what is live, and some
		{100 * mb, 50 * mb, 0, 50*mb + 30e6},
	} {
		if got := heapBound(tt.cache, tt.documents, tt.given); got > max(tt.atMost, tt.given-tt.cache) || got <= tt.documents {
			t.Errorf("cache %d, documents %d, GOMEMLIMIT %d: %d", tt.cache, tt.documents, tt.given, got)
		}
	}
}
