package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBars(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	report := write("bench.json", `{"machine": {"memory_gbps": 3000}, "rows": [
		{"test": "gemm-4096x4096x4096", "mode": "exact", "gflops": 1},
		{"test": "gemm-4096x4096x4096", "mode": "fast", "gflops": 560000},
		{"test": "prefill-2048", "mode": "fast", "gflops": 300000, "tokens_per_second": 20000},
		{"test": "decode-64", "mode": "fast", "weights_gbps": 1600, "cache_gbps": 500}]}`)
	peers := write("peers.jsonl", `{"what": "gemm-4096x4096x4096", "gflops": 700000}
		{"what": "prefill-2048", "tokens_per_second": 10000, "with": "transformers 5"}
		{"what": "hellaswag-10", "of": "reference", "seconds": 600}`)
	ours := write("ours.jsonl", `{"what": "hellaswag-10", "of": "ours", "seconds": 40}`)
	var out bytes.Buffer
	missed, err := run(&out, report, []string{peers, ours})
	if err != nil || !missed {
		t.Fatalf("missed %v, %v", missed, err)
	}
	want := strings.Join([]string{
		"| what | bar | ours | peer | found | |",
		"|---|---|---|---|---|---|",
		"| BF16 gemm-4096x4096x4096 | at least 70% of torch's matmul | 560 TFLOP/s | 700 TFLOP/s | 80% | met |",
		"| prefill-2048 | at least 50% of the card's matmul rate | 300 TFLOP/s | 700 TFLOP/s | 43% | **missed** |",
		"| prefill-2048 | at least 1.5 times transformers | 2e+04 tokens/s | 1e+04 tokens/s (transformers 5) | 2.0 times | met |",
		"| decode-64 | at least 60% of memory's bandwidth | 2100 GB/s | 3000 GB/s | 70% | met |",
		"| hellaswag-10, whole process | at least 20 times the reference | 40 s | 600 s | 15.0 times | **missed** |",
		"| mmlu-5, whole process | at least 20 times the reference |  |  |  | not measured |",
	}, "\n") + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if missed, err := run(&out, "", nil); missed || err != nil {
		t.Errorf("nothing measured: missed %v, %v", missed, err)
	}
	if _, err := run(&out, report, []string{write("bad", "{")}); err == nil {
		t.Error("half a line was read")
	}
}
