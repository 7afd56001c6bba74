//go:build unix

package mapped

import (
	"os"
	"runtime"
	"testing"
)

// A file that is cut short while it is mapped is named; other mistakes stay
// what they are.
func TestFault(t *testing.T) {
	path, _ := write(t, 1<<20)
	var f Files
	data, err := f.Open(path, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	named := make(chan string, 1)
	Faulted = func(path string) { named <- path; runtime.Goexit() }
	defer func() { Faulted = nil }()
	go func() {
		defer close(named)
		defer Guard()()
		t.Errorf("the read went through: %d", data[1<<19])
	}()
	if got := <-named; got != path {
		t.Errorf("%q was named, want %q", got, path)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != "other" {
			t.Errorf("panic %v", p)
		}
	}()
	defer Guard()()
	panic("other")
}
