package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// What people get wrong: the exit code, and what the one line says about what
// to do next. Runs in the folder that mistakesFolder makes.
var mistakes = []struct {
	command string // words, split at spaces
	code    int
	hint    string
}{
	// The command line.
	{"rnu --task piqa", 2, "did you mean run?"},
	{"tasks lst", 2, "did you mean list?"},
	{"run --tsk piqa", 2, "did you mean --task?"},
	{"run --nonsense", 2, "`llamaeval run --help`"},
	{"run", 2, "`llamaeval run --task gsm8k`"},
	{"run --task", 2, "`llamaeval run --help`"},
	{"run piqa", 2, "`llamaeval run --help`"},
	{"run --task hellaswg --sample", 2, "did you mean hellaswag"},
	{"run --task piqa --sample --shots -1", 2, "0 or more"},
	{"run --task piqa --sample --shots many", 2, "`llamaeval run --help`"},
	{"run --task piqa --sample --shots 5000", 2, "lower --shots"},
	{"run --task piqa --sample --limit none", 2, "100 or 0.1"},
	{"run --task piqa --sample --limit 3 --items 1", 2, "leave one out"},
	{"run --task piqa --sample --items 4000", 2, "counted from 0"},
	{"run --task piqa --sample --items a", 2, "0,1,2"},
	{"run --task piqa --sample --limit-order last", 2, "use one of them"},
	{"run --task piqa --sample --fewshot some", 2, "use one of them"},
	{"run --task piqa --sample --bos maybe", 2, "use one of them"},
	{"run --task piqa --sample --format pdf", 2, "choose one of table"},
	{"run --task piqa --sample --memory lots", 2, "--memory"},
	{"run --task piqa --sample --memory 1KiB", 1, "raise --memory"},
	{"run --task piqa --sample --threads 0", 2, "at least 1"},
	{"run --task piqa --sample --device tpu", 2, "cpu"},
	{"run --task piqa --sample --device cuda", 1, "make cuda"},
	{"run --task piqa --sample --mode quick", 2, "use one of them"},
	{"run --task gsm8k --sample --gen heat=3", 2, "temperature"},
	{"run --task gsm8k --sample --gen temperature", 2, "KEY=VALUE"},
	{"run --task gsm8k --sample --gen temperature=hot", 2, "a number from"},
	{"run --task piqa --sample --shard 5/4", 2, "use 1/4 to 4/4"},
	{"run --task piqa --sample --reference gpt5", 2, "llama2-paper"},
	{"run --task piqa --sample --concurrency 2", 2, "openai:http"},
	{"run --task piqa --sample --sequential", 2, "--gate 'd(TASK)>=-0.02'"},
	{"run --task humaneval --sample", 1, "add --allow-code-execution"},
	{"run --task humaneval --sample --sandbox jail --allow-code-execution", 2, "use host or wasm=PATH"},
	{"run --task humaneval --sample --unsafe-code-execution", 2, "add that one"},
	{"tasks show", 2, "`llamaeval tasks show --help`"},
	{"run --task zz* --sample", 2, "`llamaeval tasks list`"},
	{"data pull nosuch", 2, "`llamaeval tasks list`"},
	{"tasks show nosuch", 2, "`llamaeval tasks list`"},
	{"model quantize", 2, "--type Q8_0"},
	{"model quantize --type Q9 -o q.gguf", 2, "use one of F32"},
	{"model diff a.gguf", 2, "`llamaeval model diff --help`"},
	{"report base", 2, "-o report.html"},
	{"export base", 2, "-o FOLDER"},
	{"leaderboard", 2, "`llamaeval leaderboard --help`"},
	{"compare base", 2, "`llamaeval compare --help`"},
	{"merge base", 2, "-o FOLDER"},
	{"data pull", 2, "`llamaeval data pull gsm8k`"},

	// Files, folders, models.
	{"run --model nowhere.gguf --task piqa --sample", 1, "accepted: a .gguf file"},
	{"run --model smollm-135m --task piqa --sample", 1, "did you mean smollm2-135m"},
	{"run --model smollm2-135m --task piqa --sample", 1, "`llamaeval model pull smollm2-135m`"},
	{"run --model hf:org/name --task piqa --sample", 1, "`llamaeval model pull hf:org/name`"},
	{"run --model noise.gguf --task piqa --sample", 1, "give a GGUF file"},
	{"run --model cut.gguf --task piqa --sample", 1, "fetch it again"},
	{"run --model . --task piqa --sample", 1, "name the file"},
	{"run --model openai:http://127.0.0.1:1/v1#m --task piqa --sample --server retries=1", 1, "is it running"},
	{"run --model openai:SERVER/v1#m --task piqa --sample --server retries=1", 1, "--chat"},
	{"run --task piqa --hub nowhere", 1, "--hub takes a folder"},
	{"run --task piqa --tasks-dir nowhere", 1, "--tasks-dir"},
	{"run --task piqa", 1, "`llamaeval data pull piqa`"},
	{"run --task boolq --sample", 1, "leave --sample out"},
	{"run --task exam --tasks-dir tasks", 1, "quote fields"},
	{"run --task broken --tasks-dir tasks", 1, "did you mean doc_to_text"},
	{"run --task latin --tasks-dir tasks", 1, "iconv"},
	{"tasks validate tasks/nowhere.yaml", 1, "`llamaeval tasks new NAME`"},
	{"run --task piqa --sample --limit 3 --out base", 1, "give another --out"},
	{"run --task piqa --sample --limit 2 --out file", 1, "--out"},
	{"run --task piqa --sample --limit 2 --out other", 1, "--out"},

	// Results and gates.
	{"compare base nowhere", 1, "`llamaeval run --out`"},
	{"compare base other", 1, "`llamaeval run --out`"},
	{"compare base new --gate piqa", 2, "'d(gsm8k)>=-0.02'"},
	{"compare base new --gate d(pika)>=-0.02", 2, "did you mean piqa"},
	{"compare base new --gate d(piqa:f1)>=-0.02", 2, "acc"},
	{"compare base new --gate d(piqa)>=two", 2, "-0.02"},
	{"compare base new --gate-file nowhere", 1, "--gate-file"},
	{"compare base new --gate d(piqa)>=0.9", 3, "missed"},
	{"compare base new --gate d(piqa)>=-0.5", 3, "items"},
	{"compare base shots --gate d(piqa)>=-0.5", 3, "the same settings"},
	{"run --task piqa --sample --limit 2 --gate d(piqa)>=0", 2, "--against"},
	{"run --task piqa --sample --limit 2 --against nowhere", 1, "--against"},
	{"show base --task pika", 1, "did you mean piqa"},
	{"verify nowhere", 1, "results"},
	{"verify damaged", 1, "run again with another --out"},
	{"verify base --model other.gguf", 1, "--model"},
	{"verify base --items 0", 2, "at least 1"},
	{"merge base new -o whole", 1, "--shard"},
	{"leaderboard base base", 1, "once"},
	{"report base damaged -o page.html", 1, "run again with another --out"},
	{"report base -o no/such.html", 1, "make it first"},
	{"compare base new --junit no/such.xml", 1, "a folder that is there"},
	{"bench --compare file", 1, "`llamaeval bench --format json`"},
}

// Each mistake ends with the right exit code and one line that says what to do.
func TestMistakesSayWhatToDo(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	mistakesFolder(t)
	for _, m := range mistakes {
		words := strings.Fields(strings.ReplaceAll(m.command, "SERVER", server.URL))
		var stdout, stderr bytes.Buffer
		code := run(append([]string{"llamaeval"}, words...), &stdout, &stderr)
		text := strings.TrimSuffix(stderr.String(), "\n")
		last := text[strings.LastIndexByte(text, '\n')+1:]
		if code != m.code || !strings.Contains(last, m.hint) || !strings.HasPrefix(last, "llamaeval: ") {
			t.Errorf("llamaeval %s: exit code %d, want %d and %q: %s", m.command, code, m.code, m.hint, last)
		}
		if code == exitUsage && (stdout.Len() > 0 || strings.Contains(text, "\n")) {
			t.Errorf("llamaeval %s: more than a line: %s%s", m.command, stdout.String(), text)
		}
	}
}

// mistakesFolder makes a folder with runs, one of them with other shots and one
// damaged, and other broken things, and goes there.
func mistakesFolder(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("LLAMAEVAL_CACHE", filepath.Join(dir, "cache"))
	t.Setenv("LLAMAEVAL_MODEL", filepath.Join(dir, "m.gguf"))
	t.Setenv("HF_HUB_OFFLINE", "1")
	t.Setenv("HF_HOME", filepath.Join(dir, "hf"))
	t.Setenv("OLLAMA_MODELS", filepath.Join(dir, "ollama"))
	for i, name := range []string{"m.gguf", "other.gguf"} {
		if err := tinymodel.Write(name, tinymodel.Options{Seed: uint64(i + 1), Context: 2048}); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile("m.gguf")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"noise.gguf": "not a model", "cut.gguf": string(whole[:len(whole)/2]), "file": "mine", "other/mine.txt": "mine",
		"tasks/exam.yaml":   "task: exam\ndataset_path: exam.csv\ntest_split: train\ndoc_to_text: \"{{q}}\"\ndoc_to_target: \"{{a}}\"\n",
		"tasks/exam.csv":    "q,a\none,1\ntwo,2,3\n",
		"tasks/broken.yaml": "task: broken\ndataset_path: exam.csv\ndoc_to_txt: q\n",
		"tasks/latin.yaml":  "task: latin\ndataset_path: latin.csv\ntest_split: train\ndoc_to_text: \"{{q}}\"\ndoc_to_target: \"{{a}}\"\n",
		"tasks/latin.csv":   "q,a\n\xe4,1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"--out base", "--out new --model other.gguf", "--out shots --shots 1", "--out damaged"} {
		words := strings.Fields("llamaeval run --task piqa --sample --limit 2 --quiet " + args)
		var stdout, stderr bytes.Buffer
		if code := run(words, &stdout, &stderr); code != 0 {
			t.Fatal(stderr.String())
		}
	}
	if err := os.WriteFile("damaged/samples.parquet", []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
}
