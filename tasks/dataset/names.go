package dataset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/tasks/hub"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// aliases are the ids that datasets had before the hub gave each an
// organisation; task files of that time still use them.
var aliases = map[string]string{
	"ai2_arc":          "allenai/ai2_arc",
	"boolq":            "google/boolq",
	"commonsense_qa":   "tau/commonsense_qa",
	"glue":             "nyu-mll/glue",
	"gsm8k":            "openai/gsm8k",
	"hellaswag":        "Rowan/hellaswag",
	"lambada":          "cimec/lambada",
	"lambada_openai":   "EleutherAI/lambada_openai",
	"mbpp":             "google-research-datasets/mbpp",
	"mmlu":             "cais/mmlu",
	"nq_open":          "google-research-datasets/nq_open",
	"openai_humaneval": "openai/openai_humaneval",
	"openbookqa":       "allenai/openbookqa",
	"piqa":             "baber/piqa",
	"quac":             "allenai/quac",
	"siqa":             "lighteval/siqa",
	"social_i_qa":      "allenai/social_i_qa",
	"squad":            "rajpurkar/squad",
	"squad_v2":         "rajpurkar/squad_v2",
	"super_glue":       "aps/super_glue",
	"trivia_qa":        "mandarjoshi/trivia_qa",
	"truthful_qa":      "truthfulqa/truthful_qa",
	"wikitext":         "Salesforce/wikitext",
	"winogrande":       "allenai/winogrande",
}

func canonical(id string) string {
	if full, ok := aliases[id]; ok {
		return full
	}
	return id
}

// checkID refuses what cannot be a dataset id, so that no id leads out of a
// mirror's folder.
func checkID(id string) error {
	org, name, ok := strings.Cut(id, "/")
	if !ok || strings.Contains(name, "/") {
		return fmt.Errorf("dataset_path %q is neither <organisation>/<name>, nor json, csv, parquet or text, nor an existing file or folder", id)
	}
	if err := checkName(id, "organisation", org); err != nil {
		return err
	}
	return checkName(id, "name", name)
}

func checkName(id, what, name string) error {
	bad := name == "" || name == "." || name == ".." || len(name) > 200
	bad = bad || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) })
	if bad {
		return fmt.Errorf("dataset %q: %s %q is not a name", id, what, name)
	}
	return nil
}

// harmless are the arguments of load_dataset that do not change the rows.
var harmless = []string{"trust_remote_code", "streaming", "keep_in_memory", "num_proc", "verification_mode", "download_mode", "cache_dir", "token"}

func hubKwargs(repo string, kwargs *py.Dict) error {
	return checkKwargs("dataset "+repo, kwargs, nil)
}

// checkKwargs refuses arguments that would be ignored and change the data.
func checkKwargs(what string, kwargs *py.Dict, known []string) error {
	for k := range kwargs.All() {
		name, ok := k.(string)
		if !ok || !slices.Contains(harmless, name) && !slices.Contains(known, name) {
			return fmt.Errorf("%s: dataset_kwargs %s is not supported here", what, py.Repr(k))
		}
	}
	return nil
}

// noSuch says that a configuration or split does not exist, and what does.
func noSuch(kind, name, within string, have []string) error {
	text := fmt.Sprintf("%s has no %s %q", within, kind, name)
	if len(have) > 0 {
		text += ", it has " + listNames(name, have)
	}
	return noSuchError(text)
}

type noSuchError string

func (e noSuchError) Error() string { return string(e) }

// NotThere says whether an error means that the source is known not to have
// the data, as opposed to one that cannot be asked or does not deliver.
func NotThere(err error) bool {
	var no noSuchError
	return errors.As(err, &no) || errors.Is(err, hub.ErrNotFound)
}

// listNames quotes up to 8 names, those nearest to the wanted one first.
func listNames(want string, have []string) string {
	const most = 8
	have = nearest.Order(want, have)
	more := ""
	if len(have) > most {
		have, more = have[:most], fmt.Sprintf(" and %d more", len(have)-most)
	}
	return strings.Join(have, ", ") + more
}
