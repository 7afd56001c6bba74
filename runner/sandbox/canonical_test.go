//go:build linux

package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

type problem struct{ name, solution, tests string }

// sharedHub is the mirror of benchmarks that tests may use.
func sharedHub(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("LLAMAEVAL_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	hub := filepath.Join(shared, "hub")
	if _, err := os.Stat(hub); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_SHARED") != "" {
			t.Fatalf("%s is absent", hub)
		}
		t.Skipf("%s is absent: set LLAMAEVAL_SHARED", hub)
	}
	return hub
}

func rows(t *testing.T, path string) []any {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	out := make([]any, file.NumRows())
	r := parquet.NewGenericReader[any](file, file.Schema())
	defer r.Close()
	if n, err := r.Read(out); n != len(out) {
		t.Fatalf("%d of %d rows: %v", n, len(out), err)
	}
	return out
}

// benchmarks are the problems of HumanEval and of MBPP's test split with their
// own solutions.
func benchmarks(t *testing.T) []problem {
	hub := sharedHub(t)
	var out []problem
	for _, row := range rows(t, filepath.Join(hub, "openai", "openai_humaneval", "openai_humaneval", "test", "0000.parquet")) {
		r := row.(map[string]any)
		text := func(k string) string { return fmt.Sprint(r[k]) }
		out = append(out, problem{text("task_id"), text("prompt") + text("canonical_solution"), text("test") + "\ncheck(" + text("entry_point") + ")"})
	}
	for _, row := range rows(t, filepath.Join(hub, "google-research-datasets", "mbpp", "full", "test", "0000.parquet")) {
		r := row.(map[string]any)
		var tests []string
		for _, line := range r["test_list"].([]any) {
			tests = append(tests, fmt.Sprint(line))
		}
		out = append(out, problem{fmt.Sprintf("MBPP/%v", r["task_id"]), fmt.Sprint(r["code"]), strings.Join(tests[:3], "\n")})
	}
	return out
}

// judgeAll runs problems side by side and returns those that fail, and why.
func judgeAll(t *testing.T, s Sandbox, problems []problem, timeout time.Duration) map[string]string {
	failed := map[string]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, p := range problems {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			passed, detail, err := s.Run(context.Background(), p.solution, p.tests, timeout)
			if err != nil {
				detail = err.Error()
			}
			if !passed || err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[p.name] = detail
			}
		})
	}
	wg.Wait()
	return failed
}

// All solutions of the benchmarks' authors pass, but one that fails anywhere:
// every eighth is tried, all with LLAMAEVAL_LONG.
func TestCanonicalSolutions(t *testing.T) {
	needHost(t)
	h := &Host{}
	defer h.Close()
	tryCanonical(t, h, 8)
}

// In WebAssembly they do as well: every eightieth is tried, since it is slow.
func TestCanonicalSolutionsInWasm(t *testing.T) {
	w, ok := kinds(t)["wasm"]
	if !ok {
		t.Skip("LLAMAEVAL_PYTHON_WASM names no python.wasm")
	}
	tryCanonical(t, w, 80)
}

// tryCanonical judges one of `every` solutions, all with LLAMAEVAL_LONG.
func tryCanonical(t *testing.T, s Sandbox, every int) {
	t.Helper()
	problems := benchmarks(t)
	if os.Getenv("LLAMAEVAL_LONG") == "" {
		var some []problem
		for i := 0; i < len(problems); i += every {
			some = append(some, problems[i])
		}
		problems = some
	}
	start := time.Now()
	failed := judgeAll(t, s, problems, 20*time.Second)
	t.Logf("%d programs in %v", len(problems), time.Since(start))
	if len(problems) > 600 && failed["MBPP/367"] == "" {
		t.Error("MBPP/367 passes, which no reference lets it")
	}
	delete(failed, "MBPP/367")
	for name, detail := range failed {
		t.Errorf("%s: %s", name, detail)
	}
}
