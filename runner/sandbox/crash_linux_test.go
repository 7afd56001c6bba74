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

// A start is tried again where the process crashed, and only there.
func TestAgain(t *testing.T) {
	for _, tt := range []struct {
		errs  []error
		tries int
	}{
		{[]error{nil}, 1},
		{[]error{os.ErrNotExist}, 1},
		{[]error{errCrashed, nil}, 2},
		{[]error{errCrashed, errCrashed, errCrashed, nil}, startTries},
	} {
		tries := 0
		_, err := again(func() (*worker, error) { tries++; return nil, tt.errs[tries-1] })
		if tries != tt.tries || err != tt.errs[tries-1] {
			t.Errorf("%v: %d tries, %v", tt.errs, tries, err)
		}
	}
}
