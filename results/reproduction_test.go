package results

import (
	"testing"
	"time"
)

// The earliest stage that differs is named, whatever follows from it.
func TestReproduceNamesTheFirstDifference(t *testing.T) {
	write := func(change func(i int, s *Sample), config Config, scores []Score, n int) string {
		dir := t.TempDir()
		var rows []Sample
		for i := range n {
			s := row("t", i)
			change(i, &s)
			rows = append(rows, s)
		}
		if err := WriteSamples(dir, all(rows)); err != nil {
			t.Fatal(err)
		}
		if err := WriteScores(dir, scores); err != nil {
			t.Fatal(err)
		}
		if err := WriteRun(dir, Run{Config: config, Finished: time.Now()}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	none := func(int, *Sample) {}
	at2 := func(change func(s *Sample)) func(int, *Sample) {
		return func(i int, s *Sample) {
			if i == 2 {
				change(s)
			}
		}
	}
	other := scores()
	other[0].Value++
	stored := write(none, Config{Model: "m", ISA: "avx2"}, scores(), 4)
	for _, tt := range []struct {
		name, first, field string
		doc                int32
		again              string
	}{
		{"nothing", "", "", 0, write(none, Config{Model: "m", ISA: "portable"}, scores(), 4)},
		{"configuration", StageConfiguration, "", 0, write(none, Config{Model: "m", Seed: 1}, scores(), 4)},
		{"documents", StageDocuments, "row", 3, write(none, Config{Model: "m", ISA: "avx2"}, scores(), 3)},
		{"data", StageData, "doc_hash[0]", 2, write(at2(func(s *Sample) { s.DocHash, s.PromptHash = "x", "y" }), Config{Model: "m"}, scores(), 4)},
		{"prompts", StagePrompts, "prompt_hash[0]", 2, write(at2(func(s *Sample) { s.PromptHash, s.Metrics = "y", nil }), Config{Model: "m"}, scores(), 4)},
		{"tokens", StageTokens, "token_ids[0][0]", 2, write(at2(func(s *Sample) { s.TokenIDs = [][]int32{{99}}; s.Metrics = nil }), Config{Model: "m"}, scores(), 4)},
		{"scores", StageScores, "", 2, write(at2(func(s *Sample) { s.Metrics = map[string]float64{"acc": 7} }), Config{Model: "m"}, scores(), 4)},
		{"a later stage in an earlier document", StagePrompts, "prompt_hash[0]", 2, write(func(i int, s *Sample) {
			switch i {
			case 1:
				s.Metrics = map[string]float64{"acc": 7}
			case 2:
				s.PromptHash = "y"
			}
		}, Config{Model: "m"}, scores(), 4)},
		{"means", StageScores, "", -1, write(none, Config{Model: "m"}, other, 4)},
	} {
		r, err := Reproduce(stored, tt.again)
		if err != nil {
			t.Fatal(err)
		}
		// An instruction set that is absent or another one is no difference.
		if r.First != tt.first || r.Equal != (tt.first == "") {
			t.Errorf("%s: differs first in %q, equal: %v: %+v", tt.name, r.First, r.Equal, r.Configuration)
			continue
		}
		if tt.first == "" || tt.first == StageConfiguration {
			continue
		}
		if d := r.Differences[0]; d.Stage != tt.first || d.DocID != tt.doc || tt.field != "" && d.Field != tt.field {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
}
