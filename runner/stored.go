package runner

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
)

// OpenStored reads the description of a finished run whose items this program
// can compute again.
func OpenStored(dir string) (results.Run, error) {
	run, err := results.ReadRun(dir)
	if err != nil {
		return run, err
	}
	c := run.Config
	missing := ""
	for _, need := range []struct {
		name  string
		there bool
	}{
		{"config.tasks", len(c.Tasks) > 0 && !slices.ContainsFunc(c.Tasks, func(t results.TaskConfig) bool { return t.Name == "" || t.Hash == "" || t.Data == "" })},
		{"config.model_hash", c.ModelHash != ""}, {"config.tokenizer_hash", c.TokenizerHash != ""},
		{"config.mode", c.Mode != ""}, {"config.device", c.Device != ""}, {"config.numerics", c.Numerics != ""},
		{"config.fewshot", c.FewShot != ""}, {"config.bos", c.BOS != ""}, {"config_hash", run.ConfigHash != ""},
		{"config.chat_template", !c.Chat || c.ChatTemplate != ""},
	} {
		if !need.there && missing == "" {
			missing = need.name
		}
	}
	hash, err := c.Hash()
	switch {
	case c.Server != nil:
		return run, fmt.Errorf("%s was computed by a server (%s), whose bits are not promised: run it again and compare the two", dir, c.Server.Name())
	case missing != "":
		return run, fmt.Errorf("%s: %s lacks %s: it is damaged, or was not written by this program", dir, results.RunFile, missing)
	case err != nil:
		return run, err
	case hash != run.ConfigHash:
		return run, fmt.Errorf("%s: the configuration in %s is not the one that was run (its hash differs): the file was changed", dir, results.RunFile)
	case run.Finished.IsZero():
		return run, fmt.Errorf("%s holds an unfinished run: finish it first, with the same `llamaeval run` command", dir)
	case c.Numerics != numerics(c.Mode):
		return run, fmt.Errorf("%s was computed by numerics version %s, this program has version %s and promises other bits: use llamaeval %s", dir, c.Numerics, numerics(c.Mode), run.Version)
	}
	return run, nil
}

// StoredSpec is the Spec that a configuration records.
func StoredSpec(c results.Config) (Spec, error) {
	s := Spec{
		Shots: c.Shots, Items: c.Documents.Items, Seed: c.Seed, LimitRandom: c.Documents.LimitOrder == "random",
		Chat: c.Chat, ShotsInOne: c.ChatShots == shotsInOne, System: c.System, BOS: c.BOS,
	}
	switch l := c.Documents.Limit; {
	case l >= 1:
		s.Limit.Count = int(l)
	case l > 0:
		s.Limit.Fraction = l
	}
	var err error
	if c.Documents.Shard != "" {
		if s.Shard, err = ParseShard(c.Documents.Shard); err != nil {
			return s, err
		}
	}
	if s.FewShot, err = prompts.ParseRule(c.FewShot); err != nil {
		return s, err
	}
	for key, value := range c.Generation {
		if err := s.Gen.Set(key, value); err != nil {
			return s, err
		}
	}
	return s, nil
}

// CheckModel compares the open checkpoint with that of a stored run.
func CheckModel(l *Local, run results.Run) error {
	hash, err := l.Hash()
	switch {
	case err != nil:
		return err
	case hash != run.Config.ModelHash:
		return fmt.Errorf("%s (SHA-256 %.8s) is not the model of the run (%s, SHA-256 %.8s): give the right file with --model", l.Path, hash, run.Config.Model, run.Config.ModelHash)
	case l.Tokenizer.Hash() != run.Config.TokenizerHash:
		return fmt.Errorf("%s: this program reads its tokenizer differently than llamaeval %s did: verify with that version", l.Path, run.Version)
	}
	return nil
}

// CheckChat compares the chat template, nil for plain text, with that of a
// stored run.
func CheckChat(c *Chat, run results.Run) error {
	if c == nil || c.Hash == run.Config.ChatTemplate {
		return nil
	}
	return fmt.Errorf("the chat template (%s, SHA-256 %.8s) is not the one of the run (%s, SHA-256 %.8s): put that one beside the model, or say with --model where both are", c.Source, c.Hash, run.ChatSource, run.Config.ChatTemplate)
}

// CheckTask compares a prepared task with what a stored run has of it.
func CheckTask(p *Prepared, run results.Run) error {
	i := slices.IndexFunc(run.Config.Tasks, func(t results.TaskConfig) bool { return t.Name == p.Task.Name })
	if i < 0 {
		return fmt.Errorf("the run has no task %s", p.Task.Name)
	}
	stored := run.Config.Tasks[i]
	switch {
	case stored.Hash != p.Task.Hash:
		return fmt.Errorf("task %s: its file is not the one that was run (SHA-256 %.8s, then %.8s): give the folder it came from with --tasks-dir, or use llamaeval %s", p.Task.Name, p.Task.Hash, stored.Hash, run.Version)
	case stored.Data != p.DataHash:
		return fmt.Errorf("task %s: its data is not what was run (hash %.8s, then %.8s): give the run's source with --hub", p.Task.Name, p.DataHash, stored.Data)
	}
	return nil
}

// Restrict leaves only the given documents, ascending, of those that are
// evaluated.
func (p *Prepared) Restrict(ids []int) error {
	for _, id := range ids {
		if _, ok := slices.BinarySearch(p.IDs, id); !ok {
			return fmt.Errorf("task %s: document %d is stored, but the run's configuration does not evaluate it", p.Task.Name, id)
		}
	}
	p.IDs = ids
	return nil
}

// OtherProcessor says, if so, that bits are not promised to be equal: they
// are between instruction sets of one architecture only.
func OtherProcessor(run results.Run) string {
	if run.Arch == runtime.GOARCH {
		return ""
	}
	return fmt.Sprintf("the run was computed on %s (%s), this machine is %s: bits are promised within one architecture, between two a difference of up to 1e-4", run.Arch, run.Config.ISA, runtime.GOARCH)
}
