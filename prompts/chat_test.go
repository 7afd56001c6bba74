package prompts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Templates in the manner of Llama 2, Llama 3, Mistral, Qwen 2.5 and others
// render as Jinja2 renders them under the transformers library, and where
// they refuse a system message as lm-evaluation-harness goes on.
func TestChatCases(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "chat.json"))
	if err != nil {
		t.Fatal(err)
	}
	var models []struct {
		Name, Template, BOS, EOS string
		Cases                    []struct {
			Messages   []Message
			Mode, Want string
		}
	}
	if err := json.Unmarshal(data, &models); err != nil {
		t.Fatal(err)
	}
	for _, m := range models {
		if m.Template == "" {
			source, err := os.ReadFile(filepath.Join("jinja", "testdata", "chat", m.Name+".jinja"))
			if err != nil {
				t.Fatal(err)
			}
			m.Template = string(source)
		}
		c, err := NewChat(m.Template, m.BOS, m.EOS)
		if err != nil {
			t.Fatal(err)
		}
		for i, tt := range m.Cases {
			if got, err := c.render(tt.Messages, tt.Mode == "answer"); err != nil || got != tt.Want {
				t.Errorf("%s, case %d: %q, %v; want %q", m.Name, i, got, err, tt.Want)
			}
		}
		if got, want := c.TakesSystem(), m.Name != "nosystem"; got != want {
			t.Errorf("%s takes a system message: %v", m.Name, got)
		}
		if got, want := c.WritesBOS(), m.BOS != ""; got != want {
			t.Errorf("%s writes BOS: %v", m.Name, got)
		}
	}
	if len(models) < 6 {
		t.Errorf("%d templates", len(models))
	}
}

func TestChatDropsTheAnswer(t *testing.T) {
	c, err := NewChat("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}", "", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.render([]Message{{Role: "user", Content: "Q"}, {Role: "assistant", Content: "begun"}}, false)
	if err == nil || !strings.Contains(err.Error(), `drops the beginning of the answer "begun"`) {
		t.Errorf("error is %v", err)
	}
}
