package sandbox

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	Reexec()
	if os.Getenv("X") != "" {
		goleak.VerifyTestMain(m)
	}
	os.Exit(m.Run())
}

func TestHost(t *testing.T) {
	h := &Host{}
	defer h.Close()
	start := time.Now()
	if err := h.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
	start = time.Now()
	for range 50 {
		p, d, err := h.Run(context.Background(), "def f(x): return x\n", "assert f(2)==2", time.Second)
		if !p || err != nil {
			t.Fatal(p, d, err)
		}
	}
	t.Log(time.Since(start))
}

// needHost skips where no sandbox can be built, unless CI requires one.
func needHost(t *testing.T) {
	t.Helper()
	h := &Host{Workers: 1}
	defer h.Close()
	if err := h.Check(context.Background()); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_SANDBOX") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
