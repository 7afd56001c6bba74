package results

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/s3test"
)

// A run that one machine leaves is taken up by another; a run of another
// configuration is kept out from the first moment.
func TestClaim(t *testing.T) {
	bucket := s3test.Start(t)
	ctx := context.Background()
	s, err := OpenStored(bucket + "/run")
	if err != nil {
		t.Fatal(err)
	}
	ours := Run{ID: "1", ConfigHash: "ours", Config: Config{Model: "m"}, Started: time.Unix(1, 0).UTC()}
	theirs := Run{ID: "2", ConfigHash: "theirs"}
	if state, _, err := s.Claim(ctx, ours); state != Empty || err != nil {
		t.Fatal(state, err)
	}
	if _, _, err := s.Claim(ctx, theirs); err == nil || !strings.Contains(err.Error(), "holds a run of another configuration (model m") {
		t.Error(err)
	}

	dir := t.TempDir()
	journal := filepath.Join(dir, JournalFile)
	c := s.NewCheckpoint(dir, "1")
	for i, text := range []string{"", "one ", "one two ", "one two three"} {
		if i > 0 {
			if err := os.WriteFile(journal, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Save(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(journal, []byte("short"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.NewCheckpoint(dir, "3").Save(ctx); err != nil {
		t.Fatal(err)
	}
	state, run, err := s.Claim(ctx, Run{ID: "4", ConfigHash: "ours"})
	if state != Unfinished || err != nil || run.ID != "1" {
		t.Fatal(state, run.ID, err)
	}
	work := filepath.Join(t.TempDir(), "work")
	if err := s.Restore(ctx, run, work); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(work, JournalFile)); string(data) != "one two three" || err != nil {
		t.Errorf("%q, %v", data, err)
	}

	// The first to finish stays; what was there of the unfinished run goes.
	run.Finished = time.Unix(2, 0).UTC()
	for _, id := range []string{"1", "4"} {
		run.ID = id
		if err := WriteSamples(work, all([]Sample{row("t", 0)})); err != nil {
			t.Fatal(err)
		}
		if err := WriteScores(work, scores()); err != nil {
			t.Fatal(err)
		}
		if err := WriteRun(work, run); err != nil {
			t.Fatal(err)
		}
		if err := s.Publish(ctx, work); err != nil {
			t.Fatal(err)
		}
	}
	if state, run, err := s.Claim(ctx, Run{ConfigHash: "ours"}); state != Finished || run.ID != "1" || err != nil {
		t.Error(state, run.ID, err)
	}
	var left []string
	for o, err := range s.place.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, o.Name)
	}
	if got := strings.Join(left, " "); got != "run.json samples.parquet scores.parquet" {
		t.Errorf("left are %s", got)
	}
	// Other bytes than those that are there are no second result.
	if err := WriteSamples(work, all([]Sample{row("t", 1)})); err != nil {
		t.Fatal(err)
	}
	if err := WriteRun(work, run); err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(ctx, work); err == nil || !strings.Contains(err.Error(), "damaged or was replaced") {
		t.Error(err)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, groups := range [][]string{{"", ""}, {"a", ""}} {
		d := documents{[]int32{0, 4}, []string{"x", "y"}, []string{"", ""}, groups}
		f.Add(d.encode(), encodeValues([]float64{1, 0}))
		f.Add(d.encode(), encodeValues([]float64{1.5, absent}))
	}
	f.Fuzz(func(t *testing.T, docs, values []byte) {
		d, err := decodeDocuments(docs)
		if err != nil {
			return
		}
		if n := len(d.ids); len(d.hashes) != n || len(d.prompts) != n || len(d.groups) != n {
			t.Error("lengths differ")
		}
		if v, err := decodeValues(values, len(d.ids)); err == nil && len(v) != len(d.ids) {
			t.Error("lengths differ")
		}
	})
}
