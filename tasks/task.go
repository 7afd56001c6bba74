package tasks

import (
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// OutputType says what a task asks of the model.
type OutputType string

// The output types of the schema.
const (
	GenerateUntil        OutputType = "generate_until"
	Loglikelihood        OutputType = "loglikelihood"
	LoglikelihoodRolling OutputType = "loglikelihood_rolling"
	MultipleChoice       OutputType = "multiple_choice"
)

func outputTypes() []string {
	return []string{string(GenerateUntil), string(Loglikelihood), string(LoglikelihoodRolling), string(MultipleChoice)}
}

// DocFunc computes one field of a document, in place of a template.
type DocFunc func(doc *py.Dict) (py.Value, error)

// ProcessDocs maps a whole split before anything else reads it.
type ProcessDocs func(docs []*py.Dict) ([]*py.Dict, error)

// ExprKind says how an Expr is to be evaluated.
type ExprKind int

// The kinds of expressions. A text is a column's name or a Jinja template;
// only the data can tell which, so the task does not decide.
const (
	ExprNone ExprKind = iota // the key is absent or null
	ExprText
	ExprInt
	ExprList // a literal list, or the values of a literal dict
	ExprFunc
)

// Expr is one document-dependent field of a task file.
type Expr struct {
	Kind ExprKind
	Text string
	Int  int
	List []py.Value
	Func DocFunc
	Name string // the function's name, for messages
	File string // where the expression is written
	Line int
}

// MaxRepeats bounds the texts that are drawn for one request: all of a document's
// are held until the last is there.
const MaxRepeats = 10_000

// Task is one task file with its includes resolved and every value checked.
type Task struct {
	Name, Alias string
	Tags        []string
	Version     string // metadata.version as Python prints it, "" without one
	File        string // as the user would name it; "builtin/..." for our own
	Hash        string // SHA-256 over the resolved definition, hex
	Builtin     bool

	DatasetPath   string
	DatasetName   string
	DatasetKwargs *py.Dict // never nil
	Dir           string   // folder of the task file, for relative data files; "" for our own

	TrainSplit, ValidationSplit, TestSplit, FewshotSplit string // "" where unset

	OutputType     OutputType
	DocToText      Expr
	DocToTarget    Expr
	DocToChoice    Expr
	Description    Expr
	GenPrefix      Expr
	ProcessDocs    ProcessDocs      // nil: the documents as they are stored
	ProcessResults *scoring.Process // nil: the metrics' own computation

	TargetDelimiter  string
	FewshotDelimiter string
	Fewshot          Fewshot
	NumFewshot       *int // nil: the file names none, which means 0

	Metrics    []Metric // never empty
	Gen        Gen
	Repeats    int // samples per request, at least 1
	Filters    []FilterChain
	UnsafeCode bool

	// LoglikelihoodContinuation is one more log-likelihood request on the
	// same context, for a task that also generates (an extension of ours,
	// metadata.loglikelihood_continuation).
	LoglikelihoodContinuation string
	Primary                   string // metadata.primary, "metric,filter", or the first listed
	Cluster                   Expr   // metadata.cluster: groups dependent documents (an extension of ours)
	Metadata                  *py.Dict
}

// Fewshot is where exemplars come from and how they are written. An
// expression of kind ExprNone is inherited from the task; the delimiters and
// the rest already are.
type Fewshot struct {
	Sampler     string // "default" or "first_n"
	Split       string // "" where unset
	ProcessDocs ProcessDocs
	// DatasetPath and DatasetName are those of the split when it is not one
	// of the task's own data set.
	DatasetPath, DatasetName string

	Samples []*py.Dict // exemplars given in the file, nil without; Split wins over them

	DocToText, DocToTarget, DocToChoice, GenPrefix Expr
	FewshotDelimiter, TargetDelimiter              string
}

// Gen is a task's generation_kwargs, defaults filled in.
type Gen struct {
	Until       []string // stop strings
	MaxTokens   int      // 0: the file names none, which means DefaultMaxTokens
	DoSample    bool
	Temperature float64  // 0 unless DoSample
	TopP        float64  // 1 where unset
	Extra       *py.Dict // keys we do not act on, such as top_k; never nil
}

// DefaultMaxTokens bounds a generation whose task names no limit, as the
// reference's Hugging Face backend does.
const DefaultMaxTokens = 256

// Filter is one step of a filter chain; Args are its keyword arguments.
type Filter struct {
	Function string
	Own      *scoring.Filter // of the function "custom": what the file names
	Args     *py.Dict
	Line     int
}

// FilterChain extracts an answer from generations, under a name that becomes
// part of the metric's ("exact_match,strict-match").
type FilterChain struct {
	Name    string
	Filters []Filter
}

// Metric is one entry of metric_list. Func is the canonical name of a Python
// function used as the metric, in which case Name is the function's own name.
type Metric struct {
	Name           string
	Func           string
	Aggregation    string   // "" is the metric's default
	HigherIsBetter *bool    // nil is the metric's default
	Args           *py.Dict // keyword arguments, never nil; empty unless the task generates
	Line           int
}

// EvalSplit is the split that is evaluated: test, else validation.
func (t *Task) EvalSplit() (string, error) {
	if t.TestSplit != "" {
		return t.TestSplit, nil
	}
	if t.ValidationSplit != "" {
		return t.ValidationSplit, nil
	}
	return "", fmt.Errorf("%s: task %s names neither test_split nor validation_split: add the one to evaluate", t.File, t.Name)
}

// NeedsUnconditional reports whether a metric compares each choice with its
// probability without a context (acc_mutual_info).
func (t *Task) NeedsUnconditional() bool {
	return slices.ContainsFunc(t.Metrics, func(m Metric) bool { return scoring.NeedsUnconditional(m.Name) })
}
