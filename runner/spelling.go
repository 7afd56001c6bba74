package runner

import (
	"fmt"

	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/results"
)

// A Spelling knows how the tokens of a stored run are spelled. Close it after
// the last use.
type Spelling struct {
	*tokenizer.Tokenizer
	file *gguf.File
}

// OpenSpelling reads the tokenizer of a stored run from where its checkpoint
// lies. A tokenizer that is not the run's is an error.
func OpenSpelling(run results.Run) (Spelling, error) {
	f, err := checkpoint.Open(run.ModelPath)
	if err != nil {
		return Spelling{}, err
	}
	t, err := checkpoint.Tokenizer(f)
	if err == nil && t.Hash() != run.Config.TokenizerHash {
		err = fmt.Errorf("%s: its tokenizer is not the run's", run.ModelPath)
	}
	if err != nil {
		f.Close()
		return Spelling{}, err
	}
	return Spelling{t, f}, nil
}

// Close lets go of the checkpoint's file.
func (s Spelling) Close() error { return s.file.Close() }
