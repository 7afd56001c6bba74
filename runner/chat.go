package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/llamaeval/llamaeval/internal/regular"
	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/prompts"
)

// Files beside a checkpoint that may hold its chat template.
const (
	templateFile  = "chat_template.jinja"
	tokenizerFile = "tokenizer_config.json"
)

const maxTemplateFile = 16 << 20 // bytes

// How a configuration records the way a template gets the shots.
const (
	shotsAsTurns = "turns"
	shotsInOne   = "message"
)

// ownTemplate is the source named for a template inside the checkpoint.
const ownTemplate = "checkpoint"

// A Chat is the template of a run and where it was found.
type Chat struct {
	*prompts.ChatConfig
	Source string // checkpoint, or the file's name
}

// Chat compiles the chat template that a run with these settings uses: that
// of a chat_template.jinja in the checkpoint's folder, else the checkpoint's
// own, else that of a tokenizer_config.json in its folder. It is nil for a
// run that does not ask for one.
func (l *Local) Chat(s Spec) (*Chat, error) {
	if !s.Chat {
		return nil, nil
	}
	text, source, err := l.chatTemplate()
	if err != nil {
		return nil, err
	}
	c, err := prompts.NewChat(text, l.text(l.Tokenizer.BOS()), l.text(l.Tokenizer.EOS()))
	if err != nil {
		if source != ownTemplate {
			err = fmt.Errorf("%s: %w", filepath.Join(l.dir(), source), err)
		}
		return nil, err
	}
	c.MultiTurn = !s.ShotsInOne
	if s.System != "" && !c.TakesSystem() {
		return nil, &UsageError{"--system: this model's chat template takes no system message: put the text into the task's description, or leave --chat out"}
	}
	return &Chat{c, source}, nil
}

// dir is the folder of the checkpoint's files.
func (l *Local) dir() string {
	if info, err := os.Stat(l.Path); err == nil && info.IsDir() {
		return l.Path
	}
	return filepath.Dir(l.Path)
}

func (l *Local) chatTemplate() (text, source string, err error) {
	dir := l.dir()
	data, err := regular.Read(filepath.Join(dir, templateFile), maxTemplateFile)
	if err == nil {
		return string(data), templateFile, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	if own := l.Tokenizer.ChatTemplate(); own != "" {
		return own, ownTemplate, nil
	}
	if text, err = configTemplate(filepath.Join(dir, tokenizerFile)); err == nil && text == "" {
		err = fmt.Errorf("%s has no chat template: leave --chat out, or put the model's %s or %s beside it", l.Path, templateFile, tokenizerFile)
	}
	return text, tokenizerFile, err
}

// configTemplate reads the chat template of a tokenizer_config.json, "" where
// there is none.
func configTemplate(path string) (string, error) {
	data, err := regular.Read(path, maxTemplateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, err := tokenizer.Template(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// config is the template for the prompts of a run, nil without one.
func (c *Chat) config() *prompts.ChatConfig {
	if c == nil {
		return nil
	}
	return c.ChatConfig
}

// writesBOS says whether prompts begin with BOS whatever --bos says.
func (c *Chat) writesBOS() bool { return c != nil && c.WritesBOS() }

// warnings says what a task loses under the template.
func (c *Chat) warnings(p *Prepared) []string {
	if c == nil || !p.Builder.HasDescription() || c.TakesSystem() {
		return nil
	}
	return []string{fmt.Sprintf("task %s: the model's chat template takes no system message, so the task's description is left out: leave --chat out to keep it", p.Task.Name)}
}

// bosWarnings says where the template wins over --bos.
func (c *Chat) bosWarnings(bos string) []string {
	if bos != "off" || !c.writesBOS() {
		return nil
	}
	return []string{"--bos off has no effect with --chat: the model's chat template writes the BOS token itself"}
}
