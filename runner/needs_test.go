package runner

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

func TestNeeds(t *testing.T) {
	for name, want := range map[string][]string{
		"gsm8k":             {"openai/gsm8k main test", "openai/gsm8k main train"},
		"mbpp":              {"google-research-datasets/mbpp full test", "google-research-datasets/mbpp full prompt"},
		"wikitext":          {"EleutherAI/wikitext_document_level wikitext-2-raw-v1 test"},
		"agieval_sat_en":    {"hails/agieval-sat-en  test"},
		"mmlu_astronomy":    {"cais/mmlu astronomy test", "cais/mmlu astronomy dev"},
		"squad_v2":          {"rajpurkar/squad_v2 squad_v2 validation", "rajpurkar/squad_v2 squad_v2 train"},
		"bbh_web_of_lies":   {"SaylorTwift/bbh web_of_lies test"},
		"truthfulqa_mc1":    {"truthfulqa/truthful_qa multiple_choice validation"},
		"lambada_openai":    {"EleutherAI/lambada_openai default test"},
		"math_500":          {"HuggingFaceH4/MATH-500 default test"},
		"openbookqa":        {"allenai/openbookqa main test", "allenai/openbookqa main train"},
		"agieval_logiqa_en": {"hails/agieval-logiqa-en  test"},
	} {
		needs, err := Needs(builtin(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range needs {
			got = append(got, n.Ref.Path+" "+n.Ref.Config+" "+n.Split)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s needs %q, want %q", name, got, want)
		}
	}
}

// The data hash is one of content: the same rows have it in every format, and
// other rows do not.
func TestDataHashIsOfContent(t *testing.T) {
	type row struct {
		Question string `parquet:"question"`
		Answer   string `parquet:"answer"`
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.csv":   "question,answer\nWhy?,Therefore\n\"Who, now?\",You\n",
		"b.csv":   "question,answer\nWhy?,Therefore\n\"Who, now?\",Me\n",
		"a.tsv":   "question\tanswer\nWhy?\tTherefore\nWho, now?\tYou\n",
		"a.jsonl": `{"question": "Why?", "answer": "Therefore"}` + "\n" + `{"question": "Who, now?", "answer": "You"}` + "\n",
		"a.json":  `[{"question": "Why?", "answer": "Therefore"}, {"question": "Who, now?", "answer": "You"}]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := parquet.WriteFile(filepath.Join(dir, "a.parquet"), []row{{"Why?", "Therefore"}, {"Who, now?", "You"}}); err != nil {
		t.Fatal(err)
	}
	hash := func(data string) string {
		path := filepath.Join(dir, "t.yaml")
		text := "task: t\ndataset_path: " + data + "\ntest_split: train\ndoc_to_text: question\ndoc_to_target: answer\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		task, err := tasks.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		store, err := dataset.NewStore(dataset.Options{CacheDir: t.TempDir(), Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Prepare(context.Background(), store, task, false, Spec{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p.DataHash
	}
	want := hash("a.csv")
	for _, same := range []string{"a.tsv", "a.json", "a.jsonl", "a.parquet"} {
		if hash(same) != want {
			t.Errorf("%s has another data hash than a.csv", same)
		}
	}
	if hash("b.csv") == want {
		t.Error("other rows have the same data hash")
	}
}
