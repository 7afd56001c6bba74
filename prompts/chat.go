package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/prompts/jinja"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A ChatConfig renders messages with a model's own chat template.
type ChatConfig struct {
	template  *jinja.Template
	bos, eos  string
	MultiTurn bool   // shots as turns; else all of them in one user message
	Hash      string // SHA-256 of the template's source, hex
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
	sum := sha256.Sum256([]byte(source))
	return &ChatConfig{template: t, bos: bos, eos: eos, MultiTurn: true, Hash: hex.EncodeToString(sum[:])}, nil
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
	vars.Set("tools", nil) // defined, as the library has them: templates ask "is not none"
	vars.Set("documents", nil)
	vars.Set("add_generation_prompt", addGenerationPrompt)
	vars.Set("bos_token", c.bos)
	vars.Set("eos_token", c.eos)
	return c.template.Render(vars)
}

// TakesSystem says whether the template has a place for a system message.
func (c *ChatConfig) TakesSystem() bool {
	user := Message{Role: "user", Content: "question"}
	_, err := c.Render([]Message{{Role: "system", Content: "instruction"}, user}, true)
	if err == nil {
		return true
	}
	_, err = c.Render([]Message{user}, true)
	return err != nil // then it is not the system message that it refuses
}

// WritesBOS says whether the template itself begins with the BOS token.
func (c *ChatConfig) WritesBOS() bool {
	text, err := c.Render([]Message{{Role: "user", Content: "question"}}, true)
	return err == nil && c.bos != "" && strings.HasPrefix(text, c.bos)
}

// render lays out a prompt, or one that ends in the beginning of the answer.
// A template that refuses a dialogue is tried again without the system message
// as lm-evaluation-harness does; TakesSystem lets a caller say so.
func (c *ChatConfig) render(ms []Message, addGenerationPrompt bool) (string, error) {
	if !c.MultiTurn {
		ms = singleTurn(ms)
	}
	layOut := func(ms []Message) (string, error) {
		if addGenerationPrompt {
			return c.Render(ms, true)
		}
		return c.continued(ms)
	}
	text, err := layOut(ms)
	if err != nil && len(ms) > 0 && ms[0].Role == "system" {
		if plain, retryErr := layOut(ms[1:]); retryErr == nil {
			return plain, nil
		}
	}
	return text, err
}

// continuedTag marks where the begun answer ends.
const continuedTag = "CONTINUE_FINAL_MESSAGE_TAG "

// continued renders a dialogue whose last message goes on: what the template
// puts behind it is cut off (continue_final_message in transformers). White
// space at its end stays where the template keeps it.
func (c *ChatConfig) continued(ms []Message) (string, error) {
	ms = slices.Clone(ms)
	last := &ms[len(ms)-1]
	begun := strings.TrimFunc(last.Content, py.IsSpace)
	last.Content += continuedTag
	s, err := c.Render(ms, false)
	if err != nil {
		return "", err
	}
	trimmed := strings.TrimSpace(continuedTag)
	i := strings.LastIndex(s, trimmed)
	if i < 0 || !strings.Contains(s, begun) {
		return "", fmt.Errorf("the chat template drops the beginning of the answer %q", begun)
	}
	if strings.HasPrefix(s[i:], continuedTag) {
		return s[:i], nil
	}
	return strings.TrimRightFunc(s[:i], py.IsSpace), nil
}
