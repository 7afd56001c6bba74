package prompts

import (
	"fmt"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/prompts/jinja"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A ChatConfig renders messages with a model's own chat template.
type ChatConfig struct {
	template  *jinja.Template
	bos, eos  string
	MultiTurn bool // shots as turns; else all of them in one user message
}

// chatDate is what strftime_now prints in every run, so that a prompt does
// not depend on the day: the date that Llama 3's template falls back to.
var chatDate = time.Date(2024, time.July, 26, 0, 0, 0, 0, time.UTC)

// NewChat compiles a chat template: the Jinja source of
// tokenizer.chat_template, with the texts of the BOS and EOS tokens. It is
// rendered under the options of the transformers library.
func NewChat(source, bos, eos string) (*ChatConfig, error) {
	t, err := jinja.Parse(source, jinja.ChatOptions("chat template", chatDate))
	if err != nil {
		return nil, err
	}
	return &ChatConfig{template: t, bos: bos, eos: eos, MultiTurn: true}, nil
}

// Render returns the text of a dialogue. With addGenerationPrompt the header
// of the assistant's answer is opened at the end.
func (c *ChatConfig) Render(ms []Message, addGenerationPrompt bool) (string, error) {
	list := make([]any, len(ms))
	for i, m := range ms {
		d := py.NewDict()
		d.Set("role", m.Role)
		d.Set("content", m.Content)
		list[i] = d
	}
	vars := py.NewDict()
	vars.Set("messages", list)
	vars.Set("add_generation_prompt", addGenerationPrompt)
	vars.Set("bos_token", c.bos)
	vars.Set("eos_token", c.eos)
	return c.template.Render(vars)
}

// render lays out a prompt. Where the answer is already begun the text ends
// with that beginning (continue_final_message in transformers).
func (c *ChatConfig) render(ms []Message, addGenerationPrompt bool) (string, error) {
	if !c.MultiTurn {
		ms = singleTurn(ms)
	}
	s, err := c.Render(ms, addGenerationPrompt)
	if err != nil || addGenerationPrompt {
		return s, err
	}
	last := strings.TrimRightFunc(ms[len(ms)-1].Content, py.IsSpace)
	i := strings.LastIndex(s, last)
	if i < 0 {
		return "", fmt.Errorf("the chat template drops the beginning of the answer %q", last)
	}
	return s[:i+len(last)], nil
}
