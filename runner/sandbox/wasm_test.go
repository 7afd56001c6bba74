package sandbox

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestWasm(t *testing.T) {
	path := os.Getenv("LLAMAEVAL_PYTHON_WASM")
	if path == "" {
		t.Skip("LLAMAEVAL_PYTHON_WASM names no python.wasm")
	}
	w, err := NewWasm(path, "/tmp/wasmcache")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	start := time.Now()
	if err := w.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
	start = time.Now()
	p, d, err := w.Run(context.Background(), "def f(x):\n  while 1: pass\n", "assert f(2)==2", 100*time.Millisecond)
	t.Log(p, d, err, time.Since(start))
}

func TestWasmSpeed(t *testing.T) {
	path := os.Getenv("LLAMAEVAL_PYTHON_WASM")
	if path == "" {
		t.Skip("LLAMAEVAL_PYTHON_WASM names no python.wasm")
	}
	w, err := NewWasm(path, "/tmp/wasmcache")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 4 {
		start := time.Now()
		p, d, err := w.Run(context.Background(), "def f(x):\n  return x\n", "assert f(2)==2", 3000*time.Millisecond)
		t.Log(p, d, err, time.Since(start))
	}
}
