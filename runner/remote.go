package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/runner/server"
	"github.com/llamaeval/llamaeval/tasks"
)

// A Remote is a model behind an inference server, with the tokenizer that
// decides where its prompts are cut.
type Remote struct {
	Server *server.Server
	// Given is a tokenizer of this machine, nil: the server's own is asked.
	Given *tokenizer.Tokenizer

	tokens    server.Tokenizer // nil: none is known, prompts are text
	dialogues bool             // the server renders the chat template

	ctx    context.Context // of the run, for what the tokenizer is asked
	failed atomic.Value    // error: why it could not be asked
}

// NewRemote takes an open server; given may be nil.
func NewRemote(s *server.Server, given *tokenizer.Tokenizer) *Remote {
	r := &Remote{Server: s, Given: given, ctx: context.Background()}
	switch {
	case given != nil:
		r.tokens = givenTokens{given}
	case s.Tokenizer != nil:
		r.tokens = s.Tokenizer
	}
	return r
}

// dialogue renders a dialogue as the messages of an API.
const dialogue = `{% if not add_generation_prompt %}{{ raise_exception('a server that renders dialogues itself cannot go on from the beginning of an answer, which this task wants: give the tokenizer with --tokenizer') }}{% endif %}{{ messages | tojson }}`

// serverTemplate is the source named for a template that a server applies.
const serverTemplate = "server"

// Chat is how a run with these settings makes prompts of dialogues: with the
// template of the given tokenizer, else the server gets the messages. It is
// nil for a run that does not ask for one.
func (r *Remote) Chat(s Spec) (*Chat, error) {
	if !s.Chat {
		return nil, nil
	}
	text, source, bos, eos := dialogue, serverTemplate, "", ""
	if r.Given != nil && r.Given.ChatTemplate() != "" {
		text, source = r.Given.ChatTemplate(), "tokenizer"
		_, bos, _ = r.tokens.BOS()
		_, eos, _ = r.tokens.EOS()
	}
	c, err := prompts.NewChat(text, bos, eos)
	if err != nil {
		return nil, err
	}
	r.dialogues = source == serverTemplate
	c.MultiTurn = !s.ShotsInOne
	if s.System != "" && !c.TakesSystem() {
		return nil, &UsageError{"--system: this model's chat template takes no system message: put the text into the task's description, or leave --chat out"}
	}
	return &Chat{c, source}, nil
}

// Probe finds out what the server does with the prompts of such a run.
func (r *Remote) Probe(ctx context.Context, s Spec, c *Chat) error {
	if r.tokens == nil && s.BOS != "auto" {
		return &UsageError{"--bos " + s.BOS + " needs the model's tokenizer, which the server does not tell: give it with --tokenizer"}
	}
	bos := r.addsBOS(s.BOS) || c.writesBOS()
	if err := r.Server.Probe(ctx, r.tokens, bos, r.dialogues); err != nil {
		return err
	}
	can := r.Server.Can
	switch {
	case r.dialogues && !can.Chat:
		return fmt.Errorf("%s renders no dialogues (no /chat/completions): give a tokenizer with a chat template with --tokenizer, or leave --chat out", r.Server.Name())
	case !r.dialogues && !can.Completions:
		return fmt.Errorf("%s does not continue text (%s): --chat sends dialogues instead", r.Server.Name(), can.NoScoring)
	}
	return nil
}

// Check refuses tasks that the server cannot answer.
func (r *Remote) Check(all []*Prepared) error {
	for _, p := range all {
		t := p.Task
		scores := t.OutputType != tasks.GenerateUntil || t.LoglikelihoodContinuation != ""
		first := r.Server.Can.FirstToken
		switch {
		case scores && r.dialogues:
			return fmt.Errorf("task %s scores log-probabilities, which the chat of a server does not give: give a tokenizer with a chat template with --tokenizer, or leave --chat out", t.Name)
		case scores && r.Server.Can.Scoring == "":
			return fmt.Errorf("task %s scores log-probabilities, which %s does not give as needed: %s (tasks that generate text run on it)", t.Name, r.Server.Name(), r.Server.Can.NoScoring)
		case t.OutputType == tasks.LoglikelihoodRolling && !first:
			return fmt.Errorf("task %s scores whole texts, and %s does not tell the log-probability of a text's first token", t.Name, r.Server.Name())
		}
	}
	return nil
}

// Close lets go of the server.
func (r *Remote) Close() error { return r.Server.Close() }

func (r *Remote) identity() (identity, error) {
	id := identity{name: r.Server.Model, device: results.ModeServer, label: r.Server.Name(), server: &results.Server{
		Kind: r.Server.Kind, Version: r.Server.Version, Root: r.Server.Root, Context: r.Server.Context,
		Prompts: r.Server.Can.Prompts, Scoring: r.Server.Can.Scoring, Tokenizer: "none",
	}}
	switch {
	case r.Given != nil:
		id.tokenizer, id.server.Tokenizer = r.Given.Hash(), "given"
	case r.tokens != nil:
		id.server.Tokenizer = "server"
	}
	if r.dialogues {
		id.server.Prompts = "messages"
	}
	return id, nil
}

func (r *Remote) where() string { return r.Server.Address.String() }

func (r *Remote) addsBOS(bos string) bool {
	return bos == "on" || bos == "auto" && r.tokens != nil && r.tokens.AddsBOS()
}

// coders: a tokenizer that is asked over the network is asked much at once.
func (r *Remote) coders(s Spec, n int) []*coder {
	if r.Given == nil {
		n = max(n, r.Server.Concurrency())
	}
	out := make([]*coder, n)
	for i := range out {
		out[i] = &coder{encoder: r.encoder(s.BOS), seed: s.Seed}
		if r.tokens != nil {
			_, out[i].endText, _ = r.tokens.EOS()
		}
	}
	return out
}

func (r *Remote) encoder(bos string) *encoder {
	e := &encoder{addBOS: r.addsBOS(bos), bos: -1, eos: -1, maxLength: math.MaxInt32, dialogues: r.dialogues}
	if e.textOnly = r.tokens == nil || r.dialogues; e.textOnly {
		return e
	}
	if n := r.Server.Context; n > 0 {
		// A server that scores a prompt generates a token behind it.
		e.maxLength = max(1, n-2)
	}
	e.keepText = r.Server.Can.Prompts == server.PromptText
	if id, name, ok := r.tokens.BOS(); ok {
		e.bos, e.bosText = id, name
	}
	if id, _, ok := r.tokens.EOS(); ok {
		e.eos = id
	}
	if r.Given != nil {
		e.encode = newPrefixEncoder(r.Given).tokensOf
		return e
	}
	e.encode = func(text string) []int32 {
		tokens, err := r.tokens.Encode(r.ctx, text)
		if err != nil {
			r.failed.CompareAndSwap(nil, failure{err})
		}
		return tokens
	}
	e.failure = func() error {
		f, _ := r.failed.Load().(failure)
		return f.error
	}
	return e
}

// failure lets errors of any type into one atomic.Value.
type failure struct{ error }

func (r *Remote) answerer(ctx context.Context, _ *Job, o engine.Options) answerer {
	r.ctx, r.failed = ctx, atomic.Value{}
	r.Server.OnProgress(func(tokens int) { o.Progress(tokens, 0) })
	return r.Server
}

// decode: the server's text is the text.
func (r *Remote) decode([]int32) string { return "" }

// plan counts requests one by one: what a server shares is its own affair.
func (r *Remote) plan(requests []engine.Request) engine.Plan {
	n := engine.TokensRequested(requests)
	return engine.Plan{Requests: len(requests), TokensRequested: n, TokensComputed: n}
}

func (r *Remote) warnings() []string { return r.Server.Warnings() }

// asText makes the request of a prompt whose tokens only the server knows.
func (e *encoder) asText(r prompts.Request) (encoded, error) {
	if r.Kind != prompts.Generate {
		return encoded{}, errors.New("the server's tokenizer is not known, so continuations cannot be told from their contexts: give it with --tokenizer")
	}
	return encoded{requests: []engine.Request{{Text: r.Context, Dialogue: e.dialogues}}}, nil
}

// addText adds the text that a request's tokens were made from, if it is all
// there and its prefix is one that a text begins with.
func (e *encoder) addText(r prompts.Request, out *encoded) {
	if len(out.requests) != 1 || out.truncated > 0 {
		return
	}
	if q := &out.requests[0]; r.Context != "" || q.All()[0] == e.bos {
		q.Text = r.Context + r.Continuation
	}
}

// givenTokens is a tokenizer of this machine as a server's.
type givenTokens struct{ t *tokenizer.Tokenizer }

func (g givenTokens) Encode(_ context.Context, text string) ([]int32, error) {
	return g.t.Encode(text, true), nil
}

func (g givenTokens) Decode(_ context.Context, tokens []int32) (string, error) {
	return g.t.DecodeText(tokens, false), nil
}

func (g givenTokens) AddsBOS() bool { return g.t.AddBOS() }

func (g givenTokens) BOS() (int32, string, bool) { return g.named(g.t.BOS()) }

func (g givenTokens) EOS() (int32, string, bool) { return g.named(g.t.EOS()) }

func (g givenTokens) named(id int32, ok bool) (int32, string, bool) {
	if !ok {
		return -1, "", false
	}
	return id, g.t.Token(id), true
}
