package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	arcColumns    = "id string, question string, choices {text [string], label [string]}, answerKey string"
	triviaColumns = "question string, question_id string, question_source string, answer {aliases [string], normalized_aliases [string], " +
		"matched_wiki_entity_name string, normalized_matched_wiki_entity_name string, normalized_value string, type string, value string}"
)

// families lists every configuration with its columns as the published dataset has them, the split that shots are drawn from and the one that
// is evaluated.
var families = []struct{ repo, config, columns, shots, eval string }{
	// WikiText takes no shots.
	{"EleutherAI/wikitext_document_level", "wikitext-2-raw-v1", "page string", "", "test"},
	{"Rowan/hellaswag", "default", "ind int, activity_label string, ctx_a string, ctx_b string, ctx string, endings [string], source_id string, " +
		"split string, split_type string, label string", "train", "validation"},
	{"allenai/ai2_arc", "ARC-Challenge", arcColumns, "train", "test"},
	{"allenai/ai2_arc", "ARC-Easy", arcColumns, "train", "test"},
	{"allenai/winogrande", "winogrande_xl", "sentence string, option1 string, option2 string, answer string", "train", "validation"},
	{"baber/piqa", "default", "goal string, sol1 string, sol2 string, label int", "train", "validation"},
	{"cais/mmlu", "sample", "question string, subject string, choices [string], answer int", "dev", "test"},
	{"google-research-datasets/nq_open", "nq_open", "question string, answer [string]", "train", "validation"},
	{"mandarjoshi/trivia_qa", "rc.nocontext", triviaColumns, "train", "validation"},
	{"mandarjoshi/trivia_qa", "rc.wikipedia.nocontext", triviaColumns, "train", "validation"},
	{"openai/gsm8k", "main", "question string, answer string", "train", "test"},
	// HumanEval has one split only, of which the first documents serve as shots.
	{"openai/openai_humaneval", "openai_humaneval",
		"task_id string, prompt string, entry_point string, canonical_solution string, test string", "test", "test"},
	{"rajpurkar/squad_v2", "squad_v2", "id string, title string, context string, question string, " +
		"answers {text [string], answer_start [int]}", "train", "validation"},
}

// docs decodes a split into one T a line.
func docs[T any](t *testing.T, repo, config, split string) []T {
	t.Helper()
	rows, ok := Open(repo, config, split)
	if !ok {
		t.Fatalf("no sample of %s %s %s", repo, config, split)
	}
	var out []T
	for n, line := range lines(rows) {
		var doc T
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatalf("%s %s %s line %d: %v", repo, config, split, n+1, err)
		}
		out = append(out, doc)
	}
	return out
}

func lines(rows []byte) [][]byte {
	return bytes.Split(bytes.TrimSuffix(rows, []byte("\n")), []byte("\n"))
}

// shape writes the type of the next JSON value in the notation of families: objects keep their key order, and an empty list has the type of the
// element it may hold, "?".
func shape(dec *json.Decoder) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", err
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			return listShape(dec)
		}
		return objectShape(dec)
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return "float", nil
		}
		return "int", nil
	default:
		return fmt.Sprintf("%T", v), nil
	}
}

func objectShape(dec *json.Decoder) (string, error) {
	var fields []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", err
		}
		value, err := shape(dec)
		if err != nil {
			return "", err
		}
		fields = append(fields, fmt.Sprint(key, " ", value))
	}
	_, err := dec.Token()
	return "{" + strings.Join(fields, ", ") + "}", err
}

func listShape(dec *json.Decoder) (string, error) {
	element := "?"
	for dec.More() {
		next, err := shape(dec)
		if err != nil {
			return "", err
		}
		if element != "?" && element != next {
			return "", fmt.Errorf("a list holds both %s and %s", element, next)
		}
		element = next
	}
	_, err := dec.Token()
	return "[" + element + "]", err
}

func TestColumns(t *testing.T) {
	for _, f := range families {
		for _, split := range Splits(f.repo, f.config) {
			rows, _ := Open(f.repo, f.config, split)
			for n, line := range lines(rows) {
				dec := json.NewDecoder(bytes.NewReader(line))
				dec.UseNumber()
				got, err := shape(dec)
				if err != nil {
					t.Errorf("%s %s line %d: %v", f.config, split, n+1, err)
					continue
				}
				if _, err := dec.Token(); err != io.EOF {
					t.Errorf("%s %s line %d holds more than one object", f.config, split, n+1)
				}
				want := "{" + f.columns + "}"
				if f.repo == "rajpurkar/squad_v2" && strings.Contains(got, "[?]") {
					want = strings.ReplaceAll(want, "text [string], answer_start [int]", "text [?], answer_start [?]")
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %s line %d, columns (-want +got):\n%s", f.config, split, n+1, diff)
				}
			}
		}
	}
}

func TestEverySampleIsListed(t *testing.T) {
	var want []string
	for _, f := range families {
		want = append(want, "data/"+f.repo+"/"+f.config)
	}
	got, err := fs.Glob(files, "data/*/*/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configurations (-want +got):\n%s", diff)
	}
}

func TestSizes(t *testing.T) {
	for _, f := range families {
		if eval := docs[any](t, f.repo, f.config, f.eval); len(eval) < 8 {
			t.Errorf("%s %s: %d documents to evaluate, want at least 8", f.repo, f.config, len(eval))
		}
		if f.shots == "" {
			continue
		}
		if shots := docs[any](t, f.repo, f.config, f.shots); len(shots) < 12 {
			t.Errorf("%s %s: %d documents for shots, want at least 12", f.repo, f.config, len(shots))
		}
	}
}

func TestNoDocumentTwice(t *testing.T) {
	for _, f := range families {
		seen := map[string]string{}
		for _, split := range Splits(f.repo, f.config) {
			for n, doc := range docs[map[string]any](t, f.repo, f.config, split) {
				for _, key := range []string{"id", "ind", "question_id", "task_id", "source_id", "subject", "answerKey", "split"} {
					delete(doc, key) // equal texts under two ids are still one document
				}
				text, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				where := fmt.Sprintf("%s line %d", split, n+1)
				if first, ok := seen[string(text)]; ok {
					t.Errorf("%s %s: %s and %s are equal", f.repo, f.config, first, where)
				}
				seen[string(text)] = where
			}
		}
	}
}

func TestOpen(t *testing.T) {
	tests := []struct {
		repo, config, split string
		want                bool
	}{
		{"openai/gsm8k", "main", "test", true},
		{"openai/gsm8k", "", "test", true},
		{"openai/gsm8k", "socratic", "test", false},
		{"openai/gsm8k", "main", "validation", false},
		{"openai/gsm8k", "main", "../main/test", false},
		{"openai/gsm8k", "../gsm8k/main", "test", false},
		{"openai/gsm8k", "..", "test", false},
		{"openai/../openai", "gsm8k", "main/test", false},
		{"openai", "gsm8k", "main/test", false},
		{"", "", "", false},
		{"cais/mmlu", "anatomy", "test", true},
		{"cais/mmlu", "", "dev", true},
		{"allenai/ai2_arc", "", "test", false}, // two configurations, no default
		{"EleutherAI/hendrycks_math", "algebra", "test", false},
	}
	for _, tt := range tests {
		rows, ok := Open(tt.repo, tt.config, tt.split)
		if ok != tt.want || ok != (len(rows) > 0) {
			t.Errorf("Open(%q, %q, %q) = %d bytes, %v; want ok %v", tt.repo, tt.config, tt.split, len(rows), ok, tt.want)
		}
	}
}

func TestSplits(t *testing.T) {
	if diff := cmp.Diff([]string{"dev", "test", "validation"}, Splits("cais/mmlu", "astronomy")); diff != "" {
		t.Errorf("splits of MMLU (-want +got):\n%s", diff)
	}
	if got := Splits("openai/gsm8k", "socratic"); got != nil {
		t.Errorf("Splits of an absent configuration = %v, want nil", got)
	}
}
