package runner

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/prompts"
)

// The real checkpoint's chat template renders, and its tokens are, what the
// reference recorded.
func TestChatTemplateOracle(t *testing.T) {
	f, err := os.Open(filepath.Join(sharedtest.Dir(t), "oracles", "chat.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	local, err := OpenLocal(sharedtest.Model(t), LocalOptions{Mode: "exact", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	chat, err := local.Chat(Spec{Chat: true})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(z); lines.Scan(); n++ {
		var o struct {
			Messages []struct{ Role, Content string }
			Add      bool `json:"add_generation_prompt"`
			Text     string
			IDs      []int32
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		var ms []prompts.Message
		for _, m := range o.Messages {
			ms = append(ms, prompts.Message{Role: m.Role, Content: m.Content})
		}
		got, err := chat.Render(ms, o.Add)
		if err != nil || got != o.Text {
			t.Errorf("dialogue %d: %q, %v; want %q", n, got, err, o.Text)
		}
		if ids := local.encoder("auto").withBOS(got); !slices.Equal(ids, o.IDs) {
			t.Errorf("dialogue %d: %v, want %v", n, ids, o.IDs)
		}
	}
	if n == 0 {
		t.Error("no dialogues")
	}
}
