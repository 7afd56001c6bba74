package sandbox

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// What a process's runtime dies of is told from what the process says.
func TestReason(t *testing.T) {
	for _, tt := range []struct {
		said, want string
		crashed    bool
	}{
		{"", "file does not exist", false},
		{"mount: a\nmount: b\n", "mount: b", false},
		{"runtime: failed to create new OS thread\nfatal error: newosproc\n\ngoroutine 1 [running]:\nmain.go:1", "newosproc", true},
	} {
		w := &worker{message: &capped{limit: 4 << 10}}
		w.message.Write([]byte(tt.said))
		err := w.reason(os.ErrNotExist)
		if !strings.HasSuffix(err.Error(), tt.want) || errors.Is(err, errCrashed) != tt.crashed {
			t.Errorf("%q: %v", tt.said, err)
		}
	}
}
