package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/results"
)

// The column bos says what prompts begin with, also where the template, not
// the tokenizer, puts it there.
func TestBOSOfTemplateIsRecorded(t *testing.T) {
	local, err := OpenLocal(tinymodel.New(t, tinymodel.Options{Seed: 1}), LocalOptions{Mode: "exact", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	j := &Job{Local: local, Spec: Spec{BOS: "off"}}
	if j.row("t", results.KindTask, "", estimate{}).BOS {
		t.Error("--bos off is recorded as on")
	}
	for template, want := range map[string]bool{"{{ bos_token }}{{ messages[0].content }}": true, "{{ messages[0].content }}": false} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(local.Path), templateFile), []byte(template), 0o644); err != nil {
			t.Fatal(err)
		}
		if j.Chat, err = local.Chat(Spec{Chat: true}); err != nil {
			t.Fatal(err)
		}
		if got := j.row("t", results.KindTask, "", estimate{}).BOS; got != want || j.Chat.Source != templateFile {
			t.Errorf("%s: bos %v, want %v; from %s", template, got, want, j.Chat.Source)
		}
	}
}

func TestConfigTemplate(t *testing.T) {
	for text, want := range map[string]string{
		`{"chat_template": "one"}`: "one",
		`{"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "several"}]}`: "several",
		`{"chat_template": null}`: "",
		`{}`:                      "",
		`{"chat_template": [{"name": "x", "template": "y"}]}`: "error: none of its 1 chat templates is named default",
		`{"chat_template": 3}`:                                "error: neither a text nor a list",
		`{`:                                                   "error: tokenizer_config.json",
	} {
		path := filepath.Join(t.TempDir(), tokenizerFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := configTemplate(path)
		wrong, isError := strings.CutPrefix(want, "error: ")
		if isError && (err == nil || !strings.Contains(err.Error(), wrong)) || !isError && (err != nil || got != want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}
