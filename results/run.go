package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Names of the files in a results folder.
const (
	RunFile     = "run.json"
	SamplesFile = "samples.parquet"
	ScoresFile  = "scores.parquet"
	JournalFile = "journal"
)

// An Origin says where a run's parts were found, so that they are found again.
type Origin struct {
	Selection []string `json:"selection"`         // tasks, groups and globs as the user named them
	TasksDirs []string `json:"tasks_dirs"`        // absolute
	Hub       string   `json:"hub"`               // an address or an absolute path; empty: cache and public hub
	Against   string   `json:"against,omitempty"` // the base's folder, an absolute path
}

// A Config is everything that decides the numbers of a run, and nothing else:
// two runs of one Config leave the same Parquet files. Threads, memory,
// output format and gates do not belong here.
type Config struct {
	Tasks     []TaskConfig `json:"tasks"` // in the order of their names
	Documents Documents    `json:"documents"`

	Model         string `json:"model"` // the checkpoint's own name
	ModelHash     string `json:"model_hash"`
	TokenizerHash string `json:"tokenizer_hash"`
	Mode          string `json:"mode"`     // exact, fast, or server: another program's arithmetic
	Device        string `json:"device"`   // the kind: cpu, cuda or server
	ISA           string `json:"isa"`      // avx512, avx2, neon, portable
	Numerics      string `json:"numerics"` // version of the program's arithmetic

	Server *Server `json:"server,omitempty"` // nil: this program ran the model

	Seed    int64  `json:"seed"`
	Shots   *int   `json:"shots"`   // --shots; nil leaves each task its own
	FewShot string `json:"fewshot"` // fixed or reference
	Chat    bool   `json:"chat"`
	// SHA-256 of the chat template and how it gets the shots, turns or
	// message; empty without --chat.
	ChatTemplate string `json:"chat_template,omitempty"`
	ChatShots    string `json:"chat_shots,omitempty"`

	System     string         `json:"system"`
	BOS        string         `json:"bos"`        // auto, on or off
	Generation map[string]any `json:"generation"` // --gen, values as JSON has them
	Sandbox    string         `json:"sandbox"`    // kind; empty where no task runs code
}

// ModeServer is the mode of a run that an inference server computed. Its bits
// are not promised: the same request may get others the next time.
const ModeServer = "server"

// A Server is what answered a run's requests, as far as it decides numbers.
type Server struct {
	Kind      string `json:"kind"`
	Version   string `json:"version"` // empty where it does not say
	Root      string `json:"root"`    // the checkpoint it says it serves, likewise
	Prompts   string `json:"prompts"` // how they were sent: ids, text or messages
	Scoring   string `json:"scoring"` // how log-probabilities of prompts are got; empty: not at all
	Tokenizer string `json:"tokenizer"`
	Context   int    `json:"context"` // tokens; 0: not known
}

// Name is kind and version, for a reader.
func (s *Server) Name() string { return strings.TrimSpace(s.Kind + " " + s.Version) }

// A TaskConfig names one task with the hashes of its definition and its data.
type TaskConfig struct {
	Name string `json:"name"`
	Hash string `json:"hash"` // of the task's files
	Data string `json:"data"` // of the documents
}

// Documents says which documents of each task are evaluated.
type Documents struct {
	Limit      float64 `json:"limit"` // 0: all; a whole number, or a fraction below 1
	LimitOrder string  `json:"limit_order"`
	Items      []int   `json:"items"`
	Shard      string  `json:"shard"` // i/n, or empty
	Sample     bool    `json:"sample"`

	Sequential *Sequential `json:"sequential,omitempty"` // nil: all of them
}

// Hash returns the SHA-256, hex, of the configuration's JSON. Structs keep the
// order of their fields and maps are sorted by key, so equal values have equal
// JSON. A nil and an empty list count as the same.
func (c Config) Hash() (string, error) {
	if len(c.Tasks) == 0 {
		c.Tasks = nil
	}
	if len(c.Documents.Items) == 0 {
		c.Documents.Items = nil
	}
	if len(c.Generation) == 0 {
		c.Generation = nil
	}
	data, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("configuration: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// A Plan counts the work of a run. Requested tokens are those of all requests
// one by one; computed ones are what this process really ran through the
// model, after sharing prefixes and resuming.
type Plan struct {
	Requests        int64 `json:"requests"`
	TokensRequested int64 `json:"tokens_requested"`
	TokensComputed  int64 `json:"tokens_computed"`
}

// A Run is run.json: what reproduces a run, and what differs between two runs
// of one configuration.
type Run struct {
	ID         string `json:"id"`
	ConfigHash string `json:"config_hash"`
	Config     Config `json:"config"`

	Version     string    `json:"version"` // of the program
	Command     []string  `json:"command"`
	Origin      Origin    `json:"origin"`
	ModelPath   string    `json:"model_path"`
	ChatSource  string    `json:"chat_source,omitempty"` // where the chat template stands: checkpoint, or a file's name
	Device      string    `json:"device"`                // as found: name of the processor or card
	Host        string    `json:"host"`
	OS          string    `json:"os"`
	Arch        string    `json:"arch"`
	Threads     int       `json:"threads"`
	Memory      int64     `json:"memory"` // bytes, the limit that was in force
	Started     time.Time `json:"started"`
	FirstToken  time.Time `json:"first_token,omitzero"` // when the last process to work here had computed its first tokens
	Finished    time.Time `json:"finished,omitzero"`    // zero while the run is unfinished
	WallSeconds float64   `json:"wall_seconds"`
	Resumed     int       `json:"resumed"` // how many times it was taken up again
	Plan        Plan      `json:"plan"`
	Warnings    []string  `json:"warnings"`
	Suites      []Suite   `json:"suites,omitempty"` // how groups are shown

	Groups []GroupRule `json:"groups,omitempty"` // what groups' values are made of; known once it is finished

	ModeError *ModeError `json:"mode_error,omitempty"` // of mode fast, on the beginning of the run's own text

	Stopping *Stopping `json:"sequential,omitempty"` // of a finished run with --sequential

	Shard  *ShardPart    `json:"shard,omitempty"`  // of a run with --shard
	Merged []MergedShard `json:"merged,omitempty"` // what a run was merged from, in order

	Programs []Program         `json:"programs,omitempty"` // all that worked here, the first one first
	Prompts  map[string]string `json:"prompts,omitempty"`  // by task: SHA-256 over its documents' numbers and prompt hashes

	Files map[string]string `json:"files,omitempty"` // SHA-256 of the Parquet files; WriteRun fills it in a finished run
}

// A Program is one binary of llamaeval.
type Program struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of its file; empty where that could not be read
	Go      string `json:"go"`     // version that built it
}

// A ModeError is how far the run's mode is from mode exact on some tokens, in
// natural-log probabilities.
type ModeError struct {
	Tokens int     `json:"tokens"`
	Mean   float64 `json:"mean"`
	Max    float64 `json:"max"`
	Argmax int     `json:"argmax"` // tokens whose likeliest successor differs
}

// WriteRun replaces dir's run.json in one step. A finished run is written
// after its Parquet files, whose hashes it notes.
func WriteRun(dir string, r Run) error {
	if !r.Finished.IsZero() {
		files, err := fileHashes(dir)
		if err != nil {
			return fmt.Errorf("%s: %w", RunFile, err)
		}
		r.Files = files
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("%s: %w", RunFile, err)
	}
	return writeFile(filepath.Join(dir, RunFile), func(f io.Writer) error {
		_, err := f.Write(b.Bytes())
		return err
	})
}

// A noRunError is a folder without results; it counts as fs.ErrNotExist.
type noRunError struct{ dir string }

func (e *noRunError) Error() string {
	return fmt.Sprintf("%s: no results here (no %s): name the folder that `llamaeval run --out` wrote", e.dir, RunFile)
}

func (e *noRunError) Is(target error) bool { return target == fs.ErrNotExist }

// ReadRun reads dir's run.json.
func ReadRun(dir string) (Run, error) {
	data, err := readRunFile(dir)
	if err != nil {
		return Run{}, noRun(dir, err)
	}
	return ParseRun(below(dir, RunFile), data)
}

// ParseRun reads the content of a run.json; path is for messages.
func ParseRun(path string, data []byte) (Run, error) {
	var r Run
	if err := json.Unmarshal(data, &r); err != nil {
		return Run{}, fmt.Errorf("%s: not a description of a run: %w", path, quote.Error(err))
	}
	return r, nil
}

// FolderName returns the default output folder of a run:
// llamaeval-out/<model>-<tasks>-<8 hex of the configuration hash>. Anything
// but letters, digits, '.', '_' and '-' becomes '_'; the task part is cut at
// 60 characters.
func FolderName(model string, tasks []string, configHash string) string {
	part := safeName(strings.Join(tasks, "_"))
	part = part[:min(len(part), 60)]
	hash := configHash[:min(len(configHash), 8)]
	return filepath.Join("llamaeval-out", safeName(model)+"-"+part+"-"+hash)
}

func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, s)
}
