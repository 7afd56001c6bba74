package runner

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// A Local is an open checkpoint with its tokenizer and identity.
type Local struct {
	Path string
	Name string // the checkpoint's own name, not the path or alias as typed

	Model     *model.Model
	Tokenizer *tokenizer.Tokenizer

	others []*model.Model // the same on further devices
	hash   func() (string, error)
}

// LocalOptions say how a checkpoint is opened.
type LocalOptions struct {
	Mode    string // exact or fast
	Threads int    // 0: one a processor
	// Devices are what computes, each with the whole model, as
	// model.Options.Device has them; nil: the processor.
	Devices []string
	// Hashes is the folder in which the hashes of files are kept, so that an
	// unchanged one is not read again; empty: it is read each time.
	Hashes string
	// Notice, if set, is told in a line what a user should know of a device.
	Notice func(string)
}

// OpenLocal opens a checkpoint, a file or a folder. It is hashed meanwhile.
func OpenLocal(path string, o LocalOptions) (*Local, error) {
	models, err := openModels(path, o)
	if err != nil {
		return nil, err
	}
	m := models[0]
	files := m.File().Paths()
	hash := sync.OnceValues(func() (string, error) { return gguf.HashAll(files, o.Hashes) })
	go hash()
	t, err := checkpoint.Tokenizer(m.File())
	if err == nil && t.VocabSize() > m.Config().Vocab {
		err = fmt.Errorf("%s: the tokenizer has %d tokens, the model's output %d", path, t.VocabSize(), m.Config().Vocab)
	}
	if err != nil {
		return nil, errors.Join(err, closeAll(models))
	}
	return &Local{Path: path, Name: ownName(m.Config()), Model: m, Tokenizer: t, others: models[1:], hash: hash}, nil
}

// Hash returns the SHA-256, hex, of the checkpoint's file; see gguf.HashAll for
// several.
func (l *Local) Hash() (string, error) { return l.hash() }

// ownName is what a checkpoint calls itself and the type of most of its
// tensors, so that two quantisations of one model have two names. It does not
// depend on where the file lies.
func ownName(c model.Config) string {
	name := c.Name
	if name == "" {
		name = fmt.Sprintf("%s %.0fM", c.Architecture, float64(c.Parameters)/1e6)
	}
	most := ""
	for _, t := range slices.Sorted(maps.Keys(c.Types)) {
		if most == "" || c.Types[t] > c.Types[most] {
			most = t
		}
	}
	return name + " " + most
}

// Close gives the model's memory back.
func (l *Local) Close() error { return closeAll(l.Models()) }

func (l *Local) text(id int32, ok bool) string {
	if !ok {
		return ""
	}
	return l.Tokenizer.Token(id)
}

// addsBOS resolves --bos for this checkpoint.
func (l *Local) addsBOS(bos string) bool {
	return bos == "on" || bos == "auto" && l.Tokenizer.AddBOS()
}

// encoder returns the text-to-token rules for this checkpoint.
func (l *Local) encoder(bos string) *encoder {
	e := &encoder{
		encode: newPrefixEncoder(l.Tokenizer).tokensOf,
		addBOS: l.addsBOS(bos), bos: -1, eos: -1, maxLength: l.Model.Config().ContextLength,
	}
	if id, ok := l.Tokenizer.BOS(); ok {
		e.bos, e.bosText = id, l.Tokenizer.Token(id)
	}
	if id, ok := l.Tokenizer.EOS(); ok {
		e.eos = id
	}
	return e
}
