package prompts

import (
	"fmt"
	"iter"
	"slices"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// Options shape the prompts of one task.
type Options struct {
	Shots  int
	Rule   Rule
	Seed   int64
	System string      // system instruction, joined with the task's description
	Chat   *ChatConfig // nil: plain text
	Gen    Generation  // as the run resolved it from task and flags
}

// A Builder turns the documents of one task into items.
type Builder struct {
	task    *tasks.Task
	options Options
	docs    []*py.Dict
	pool    Pool
	sampler sampler // nil without shots

	question, target, choices, description, prefix, cluster field
	shot                                                    struct{ question, target, choices, prefix field }
	shown                                                   map[*py.Dict][]Message // exemplars that were laid out
	multipleInputs, multipleTargets                         bool
}

// NewBuilder checks a task's templates against its first document and
// prepares the few-shot sampler. docs is the whole evaluated split, after
// process_docs.
func NewBuilder(t *tasks.Task, docs []*py.Dict, pool Pool, o Options) (*Builder, error) {
	if len(docs) == 0 {
		return nil, fmt.Errorf("task %s: the evaluated split is empty", t.Name)
	}
	b := &Builder{task: t, options: o, docs: docs, pool: pool, shown: map[*py.Dict][]Message{}}
	if err := b.compile(); err != nil {
		return nil, err
	}
	if err := b.inspectFirst(); err != nil {
		return nil, fmt.Errorf("task %s, doc 0: %w", t.Name, err)
	}
	if o.Shots > 0 {
		if err := b.startSampler(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// startSampler begins the draws of exemplars anew.
func (b *Builder) startSampler() (err error) {
	o := b.options
	b.sampler, err = newSampler(b.task.Name, b.task.Fewshot.Sampler, o.Rule, o.Seed, b.pool, o.Shots)
	return err
}

func (b *Builder) compile() error {
	columns := map[string]bool{}
	for _, k := range b.docs[0].Keys() {
		if s, ok := k.(string); ok {
			columns[s] = true
		}
	}
	t := b.task
	for _, f := range []struct {
		to   *field
		key  string
		expr tasks.Expr
	}{
		{&b.question, "doc_to_text", t.DocToText},
		{&b.target, "doc_to_target", t.DocToTarget},
		{&b.choices, "doc_to_choice", t.DocToChoice},
		{&b.description, "description", t.Description},
		{&b.prefix, "gen_prefix", t.GenPrefix},
		{&b.cluster, "metadata.cluster", t.Cluster},
		{&b.shot.question, "fewshot_config.doc_to_text", inherit(t.Fewshot.DocToText, t.DocToText)},
		{&b.shot.target, "fewshot_config.doc_to_target", inherit(t.Fewshot.DocToTarget, t.DocToTarget)},
		{&b.shot.choices, "fewshot_config.doc_to_choice", inherit(t.Fewshot.DocToChoice, t.DocToChoice)},
		{&b.shot.prefix, "fewshot_config.gen_prefix", inherit(t.Fewshot.GenPrefix, t.GenPrefix)},
	} {
		c, err := compile(f.key, f.expr, columns)
		if err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		*f.to = c
	}
	return nil
}

func inherit(own, from tasks.Expr) tasks.Expr {
	if own.Kind == tasks.ExprNone {
		return from
	}
	return own
}

// inspectFirst decides from the first document, as the reference does,
// whether the task has multiple inputs or multiple targets.
func (b *Builder) inspectFirst() error {
	q, err := b.question.question(b.docs[0], b.choices.isSet())
	if err != nil {
		return err
	}
	target, err := b.target.target(b.docs[0], b.choices.isSet())
	if err != nil {
		return err
	}
	_, isInt := q.(int64)
	b.multipleInputs = isInt && b.choices.isSet()
	_, b.multipleTargets = target.([]any)
	return nil
}

// Items yields the items of the given documents (indices into the split,
// ascending). Under Reference the draws of documents left out are made and
// thrown away, so that exemplars are those of a whole run, each time anew.
func (b *Builder) Items(ids []int) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		next := 0
		if b.sampler != nil && b.options.Rule == Reference {
			if err := b.startSampler(); err != nil {
				yield(Item{}, err)
				return
			}
		}
		for _, id := range ids {
			for ; b.sampler != nil && b.options.Rule == Reference && next < id; next++ {
				if _, err := b.sampler.exemplars(next, b.docs[next]); err != nil {
					yield(Item{}, err)
					return
				}
			}
			next = id + 1
			item, err := b.item(id)
			if err != nil {
				err = fmt.Errorf("task %s, doc %d: %w", b.task.Name, id, err)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

func (b *Builder) item(id int) (Item, error) {
	doc := b.docs[id]
	it := Item{DocID: id, Doc: doc, MultipleInputs: b.multipleInputs, MultipleTargets: b.multipleTargets}
	var err error
	if it.Target, err = b.target.target(doc, b.choices.isSet()); err != nil {
		return it, err
	}
	if b.choices.isSet() {
		if it.Choices, err = b.choices.choices(doc); err != nil {
			return it, err
		}
	}
	if b.multipleInputs {
		if it.Input, err = b.question.question(doc, true); err != nil {
			return it, err
		}
	}
	if it.Cluster, err = b.Cluster(id); err != nil {
		return it, err
	}
	if b.task.OutputType == tasks.LoglikelihoodRolling {
		it.Requests = []Request{{Kind: Rolling, Continuation: py.Str(it.Target)}}
		return it, nil
	}
	contexts, err := b.contexts(id, doc, it.Choices)
	if err != nil {
		return it, err
	}
	it.Requests, err = b.requests(it, contexts)
	return it, err
}

// MaxTokens is the longest text that a generation may have.
func (b *Builder) MaxTokens() int { return b.options.Gen.MaxTokens }

// HasDescription says whether the task's description is not empty.
func (b *Builder) HasDescription() bool {
	text, err := b.description.text(b.docs[0])
	return err == nil && text != ""
}

// Cluster is what a document shares with those it depends on, or empty.
func (b *Builder) Cluster(id int) (string, error) {
	if !b.cluster.isSet() {
		return "", nil
	}
	v, err := b.cluster.raw(b.docs[id])
	return py.Str(v), err
}

// contexts renders the prompt, or one prompt per choice for multiple inputs.
func (b *Builder) contexts(id int, doc *py.Dict, choices []string) ([]string, error) {
	before, err := b.before(id, doc)
	if err != nil {
		return nil, err
	}
	prefix, err := b.prefix.text(doc)
	if err != nil {
		return nil, err
	}
	questions, target := choices, ""
	if !b.multipleInputs {
		q, err := b.question.question(doc, b.choices.isSet())
		if err != nil {
			return nil, err
		}
		s, ok := q.(string)
		if !ok {
			return nil, b.question.errorf("gives %s, not a text", py.TypeName(q))
		}
		questions, target = []string{s}, b.task.TargetDelimiter
	}
	out := make([]string, len(questions))
	for i, q := range questions {
		ms := append(slices.Clip(before), turn{question: q, prefix: prefix, target: target}.messages()...)
		if out[i], err = b.render(ms, prefix == ""); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// before returns the messages ahead of the evaluated question: system
// message (instruction and description) and shots.
func (b *Builder) before(id int, doc *py.Dict) ([]Message, error) {
	description, err := b.description.text(doc)
	if err != nil {
		return nil, err
	}
	var ms []Message
	if system := joinWith(b.options.System, description, b.task.FewshotDelimiter); system != "" {
		ms = append(ms, Message{Role: "system", Content: system})
	}
	if b.sampler == nil {
		return ms, nil
	}
	shots, err := b.sampler.exemplars(id, doc)
	if err != nil {
		return nil, err
	}
	for i, s := range shots {
		laidOut, err := b.exemplar(s)
		if err != nil {
			return nil, fmt.Errorf("shot %d: %w", i+1, err)
		}
		ms = append(ms, laidOut...)
	}
	return ms, nil
}

// exemplar returns the messages of a shot, which depend on its document alone.
func (b *Builder) exemplar(doc *py.Dict) ([]Message, error) {
	if ms, ok := b.shown[doc]; ok {
		return ms, nil
	}
	t, err := b.shotTurn(doc)
	if err != nil {
		return nil, err
	}
	ms := t.messages()
	b.shown[doc] = ms
	return ms, nil
}

func (b *Builder) shotTurn(doc *py.Dict) (turn, error) {
	t := turn{target: b.task.Fewshot.TargetDelimiter, fewshot: b.task.Fewshot.FewshotDelimiter}
	q, err := b.shot.question.question(doc, b.choices.isSet())
	if err != nil {
		return t, err
	}
	var choices []string
	if b.shot.choices.isSet() {
		if choices, err = b.shot.choices.choices(doc); err != nil {
			return t, err
		}
	}
	a, err := b.shot.target.target(doc, b.choices.isSet())
	if err != nil {
		return t, err
	}
	if t.prefix, err = b.shot.prefix.text(doc); err != nil {
		return t, err
	}
	if b.multipleInputs {
		i, ok := q.(int64)
		if !ok || i < 0 || int(i) >= len(choices) {
			return t, b.shot.question.errorf("%s is not one of %d inputs", py.Repr(q), len(choices))
		}
		q, choices = choices[i], nil
	}
	var ok bool
	if t.question, ok = q.(string); !ok {
		return t, b.shot.question.errorf("gives %s, not a text", py.TypeName(q))
	}
	t.answer, t.hasAnswer, err = b.answer(a, choices)
	return t, err
}

// answer is the text of a shot's answer: the choice a number names, the
// first of a list, or the text itself. An empty text is no answer.
func (b *Builder) answer(a py.Value, choices []string) (string, bool, error) {
	if yes, ok := a.(bool); ok && choices != nil { // Python's bool is an int
		a = int64(0)
		if yes {
			a = int64(1)
		}
	}
	switch v := a.(type) {
	case nil:
		return "", false, nil
	case string:
		return v, v != "", nil
	case []any:
		if len(v) > 0 {
			if s, ok := v[0].(string); ok {
				return s, true, nil
			}
		}
	case int64:
		if i := int(v); choices != nil && i < len(choices) && i >= -len(choices) {
			return choices[(i+len(choices))%len(choices)], true, nil
		}
	}
	return "", false, b.shot.target.errorf("%s is neither a text nor one of the choices", py.Repr(a))
}

func (b *Builder) render(ms []Message, addGenerationPrompt bool) (string, error) {
	if b.options.Chat == nil {
		return plainText(ms), nil
	}
	return b.options.Chat.render(ms, addGenerationPrompt)
}

// requests splits the prompt into what is asked of the model
// (construct_requests in the reference).
func (b *Builder) requests(it Item, contexts []string) ([]Request, error) {
	var out []Request
	switch b.task.OutputType {
	case tasks.MultipleChoice:
		delimiter := b.continuationDelimiter()
		if b.multipleInputs {
			for _, c := range contexts {
				out = append(out, Request{Context: c, Continuation: delimiter + py.Str(it.Target)})
			}
		} else {
			for _, c := range it.Choices {
				out = append(out, Request{Context: contexts[0], Continuation: delimiter + c})
			}
		}
		if b.task.NeedsUnconditional() {
			for _, c := range it.Choices {
				out = append(out, Request{Continuation: delimiter + c})
			}
		}
	case tasks.Loglikelihood:
		s, ok := it.Target.(string)
		if !ok {
			return nil, b.target.errorf("gives %s, not a text", py.TypeName(it.Target))
		}
		out = append(out, Request{Context: contexts[0], Continuation: s})
	case tasks.GenerateUntil:
		out = append(out, Request{Kind: Generate, Context: contexts[0], Gen: b.options.Gen})
		if s := b.task.LoglikelihoodContinuation; s != "" {
			out = append(out, Request{Context: contexts[0], Continuation: s})
		}
	default:
		return nil, fmt.Errorf("output_type %q is not known", b.task.OutputType)
	}
	return out, nil
}

// continuationDelimiter: under a chat template the answer follows the
// template's own header, unless a gen_prefix has begun it.
func (b *Builder) continuationDelimiter() string {
	if b.options.Chat == nil || b.task.GenPrefix.Kind != tasks.ExprNone && !endsWithSpace(b.task.GenPrefix.Text) {
		return b.task.TargetDelimiter
	}
	return ""
}
