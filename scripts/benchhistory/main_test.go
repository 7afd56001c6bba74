package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	first  = `{"machine":{"fma_gflops":100,"memory_gbps":10,"isa":"avx2","cores":2},"rows":[{"test":"decode-1","mode":"exact","tokens_per_second":50,"gflops":9,"percent_of_peak":9.5,"percent_of_memory":71,"kernels":{"q4":3}}]}`
	second = `{"machine":{"fma_gflops":90,"memory_gbps":10,"isa":"avx2","cores":2},"rows":[{"test":"decode-1","mode":"exact","tokens_per_second":40,"gflops":9,"percent_of_peak":8.5,"percent_of_memory":72},{"test":"prefill-1","mode":"fast","gflops":4,"percent_of_peak":4}]}`
)

func TestAppendsAndCompares(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	var out bytes.Buffer
	for _, report := range []string{first, second} {
		out.Reset()
		if err := run(path, strings.NewReader(report), &out); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(got, "decode-1 exact 40.0 8.5 9.5 72.0 71.0 prefill-1 fast 4.0") {
		t.Errorf("shown: %s", out.String())
	}
	all, err := readHistory(path)
	if err != nil || len(all) != 2 || all[0].Rows[0].Share != 9.5 || all[1].Commit == "" || all[0].Rows[0].Kernels != nil {
		t.Errorf("history: %+v, %v", all, err)
	}
	other := all[1]
	other.Machine.Cores = 64
	if last(all, other) != nil {
		t.Error("compared with another machine")
	}
	for _, bad := range []string{"", "{}", "no"} {
		if run(path, strings.NewReader(bad), &out) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if again, _ := readHistory(path); len(again) != 2 {
		t.Error("what is no report left a line")
	}
}

// The history that is committed can be read, and no rate is beyond its limit.
func TestHistoryIsSane(t *testing.T) {
	all, err := readHistory(filepath.Join("..", "..", "docs", "bench-history.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		if e.Date.IsZero() || e.Commit == "" || e.Machine.ISA == "" || e.Machine.FMA <= 0 || e.Machine.Memory <= 0 || len(e.Rows) == 0 {
			t.Errorf("line %d lacks what it must have: %+v", i+1, e)
		}
		if i > 0 && e.Date.Before(all[i-1].Date) {
			t.Errorf("line %d is older than the one above", i+1)
		}
		for _, r := range e.Rows {
			const most = 110 // percent; limits are measured, too
			if r.Share < 0 || r.Share > most || r.Memory < 0 || r.Memory > most {
				t.Errorf("line %d, %s %s: %.1f%% of peak, %.1f%% of memory", i+1, r.Test, r.Mode, r.Share, r.Memory)
			}
		}
	}
	if data, err := os.ReadFile(filepath.Join("..", "..", "docs", "bench-history.jsonl")); err == nil && !bytes.HasSuffix(data, []byte("\n")) {
		t.Error("the last line is not whole")
	}
}
