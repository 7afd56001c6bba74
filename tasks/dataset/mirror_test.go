package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// TestDocumentHashes compares documents of every split of the mirror with the
// hashes that Python takes of them (scripts/fixtures/doc_hashes.py).
func TestDocumentHashes(t *testing.T) {
	s := mirrorStore(t)
	f, err := os.Open(filepath.Join("testdata", "doc_hashes.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for lines.Scan() {
		n++
		field := strings.Split(lines.Text(), "\t")
		at := strings.Split(field[0], "/")
		ref := Ref{Path: at[0] + "/" + at[1], Config: at[2]}
		split, err := s.Load(t.Context(), ref, at[3])
		if err != nil {
			t.Error(err)
			continue
		}
		rows := split.Docs
		if want, _ := strconv.Atoi(field[1]); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", field[0], len(rows), want)
			continue
		}
		for i, doc := range []*py.Dict{rows[0], rows[len(rows)/2], rows[len(rows)-1]} {
			sum := sha256.Sum256([]byte(py.JSON(doc, 2)))
			if got := hex.EncodeToString(sum[:]); got != field[2+i] {
				t.Errorf("%s: document %d differs from Python's: %.200s", field[0], i, py.JSON(doc, -1))
			}
		}
	}
	if err := lines.Err(); err != nil || n < 200 {
		t.Errorf("read %d lines: %v", n, err)
	}
}

func mirrorStore(t testing.TB) *Store {
	t.Helper()
	s, err := NewStore(Options{Hub: filepath.Join(sharedtest.Dir(t), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMirror(t *testing.T) {
	s := mirrorStore(t)
	ctx := t.Context()
	a, err := s.Load(ctx, Ref{Path: "gsm8k"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Load(ctx, Ref{Path: "gsm8k"}, "test")
	if err != nil || a != b {
		t.Errorf("a split is read twice: %v", err)
	}
	if a.Sample || !strings.HasSuffix(filepath.ToSlash(a.Source), "openai/gsm8k/main/test") {
		t.Errorf("source %q, sample %v", a.Source, a.Sample)
	}
	names, err := s.Splits(ctx, Ref{Path: "rajpurkar/squad_v2"})
	if err != nil || strings.Join(names, " ") != "validation" {
		t.Errorf("splits %v, %v", names, err)
	}
	if err := s.Pull(ctx, Ref{Path: "openai/gsm8k", Config: "main"}, []string{"train", "test"}); err != nil {
		t.Error(err)
	}
	entries, err := s.Cached()
	if err != nil || len(entries) < 200 || entries[0].Bytes == 0 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestMirrorLacks(t *testing.T) {
	s := mirrorStore(t)
	for _, c := range []struct {
		ref         Ref
		split, want string
		missing     bool
	}{
		{Ref{Path: "openai/gsm9k"}, "test", "has no openai/gsm9k", true},
		{Ref{Path: "openai/gsm8k", Config: "mian"}, "test", `no configuration "mian", it has main`, true},
		{Ref{Path: "openai/gsm8k", Config: "main"}, "tst", `no split "tst", it has test, train`, true},
		{Ref{Path: "allenai/ai2_arc"}, "test", "ARC-Challenge, ARC-Easy", false},
		{Ref{Path: "../secret"}, "test", "no such file", false},
		{Ref{Path: "a/.."}, "test", "is not a name", false},
		{Ref{Path: "openai/gsm8k", Config: "../main"}, "test", "is not a name", false},
		{Ref{Path: "openai/gsm8k", Config: "main"}, "../test", "is not a name", false},
		{Ref{Path: "a/b/c"}, "test", "neither", false},
		{Ref{Path: "openai/gsm8k", Kwargs: py.DictOf("revision", "x")}, "test", "revision", false},
		{Ref{Path: "openai/gsm8k", Config: "main"}, "", "no split is named", false},
	} {
		_, err := s.Load(t.Context(), c.ref, c.split)
		var missing *MissingError
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &missing) != c.missing {
			t.Errorf("%v %s: error %v, want %q", c.ref, c.split, err, c.want)
		}
	}
	if _, err := NewStore(Options{Hub: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a hub folder that does not exist is accepted")
	}
}

func TestOffline(t *testing.T) {
	s, err := NewStore(Options{CacheDir: t.TempDir(), Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Load(t.Context(), Ref{Path: "openai/gsm8k", Config: "main"}, "test")
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Dataset != "openai/gsm8k" || missing.Split != "test" {
		t.Errorf("got %v, want a MissingError", err)
	}
}

func TestSample(t *testing.T) {
	s, err := NewStore(Options{Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	split, err := s.Load(t.Context(), Ref{Path: "openai/gsm8k", Config: "main"}, "test")
	if err != nil || !split.Sample || len(split.Docs) == 0 {
		t.Fatalf("%v, %v", split, err)
	}
	if _, err := s.Load(t.Context(), Ref{Path: "cais/mmlu", Config: "anatomy"}, "test"); err != nil {
		t.Error(err)
	}
	if _, err := s.Load(t.Context(), Ref{Path: "openai/gsm8k"}, "nosuch"); err == nil || !strings.Contains(err.Error(), "it has") {
		t.Errorf("wrong split: %v", err)
	}
	if _, err := s.Load(t.Context(), Ref{Path: "nobody/nothing"}, "test"); err == nil || !strings.Contains(err.Error(), "no embedded sample") {
		t.Errorf("no sample: %v", err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, c := range []struct {
		repo, config string
		splits       []string
	}{
		{"openai/gsm8k", "main", []string{"train", "test"}},
		{"Rowan/hellaswag", "default", []string{"validation"}},
		{"mandarjoshi/trivia_qa", "rc.nocontext", []string{"validation"}},
		{"rajpurkar/squad_v2", "squad_v2", []string{"validation"}},
	} {
		b.Run(c.repo, func(b *testing.B) {
			for b.Loop() {
				s := mirrorStore(b)
				for _, split := range c.splits {
					if _, err := s.Load(context.Background(), Ref{Path: c.repo, Config: c.config}, split); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
