package runner

import (
	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks"
)

// A forecast says how many tokens a run will take, before its prompts are all
// built: each task's from a few of its documents, later from what waves and
// generations really took.
type forecast struct {
	tasks map[string]*outlook
	waves struct{ characters, tokens float64 } // of those that were built
	ended struct{ texts, tokens float64 }      // generations that have ended
	drawn float64                              // tokens of all generations, ended or not
}

// An outlook is what is expected of one task.
type outlook struct {
	left       int     // items in no wave yet
	characters float64 // that an item adds to what the ones before it have
	shared     float64 // characters that neighbours' prompts begin with alike
	texts      float64 // generations of an item
	limit      float64 // tokens of one at most
	open       float64 // generations that have not ended, in waves or not
	ended      struct{ texts, tokens float64 }
}

// neighbours is how many pairs of neighbours of a task are looked at.
const neighbours = 8

// tokenCharacters is how many characters a token has until that is known.
const tokenCharacters = 4

// A run of generations begins with lookAt documents of each task that has
// leastLook or more of them: how long its texts are cannot be told in advance.
// What their prompts share is computed once more then, so it is done only where
// that is at most lookShare of all prompts.
const (
	lookAt    = 8
	leastLook = 100
	lookShare = 0.005
)

// firstLook chooses these documents, spread evenly over each task's; nil where
// the look would cost too much.
func (j *Job) firstLook(done map[item]bool) map[string][]int {
	first := map[string][]int{}
	again, all := 0.0, 0.0
	for _, p := range j.Tasks {
		o := j.forecast.tasks[p.Task.Name]
		all += o.shared + o.characters*float64(o.left)
		if p.Task.OutputType != tasks.GenerateUntil {
			continue
		}
		var ids []int
		for _, id := range p.IDs {
			if !done[item{p.Task.Name, id}] {
				ids = append(ids, id)
			}
		}
		if len(ids) < leastLook {
			continue
		}
		again += o.shared
		for k := range lookAt {
			first[p.Task.Name] = append(first[p.Task.Name], ids[k*len(ids)/lookAt])
		}
	}
	if again > lookShare*all {
		return nil
	}
	return first
}

// newForecast looks at some documents of each task that are not done.
func (j *Job) newForecast(done map[item]bool) (*forecast, error) {
	f := &forecast{tasks: map[string]*outlook{}}
	for _, p := range j.Tasks {
		var ids []int
		for _, id := range p.IDs {
			if !done[item{p.Task.Name, id}] {
				ids = append(ids, id)
			}
		}
		o := &outlook{left: len(ids), limit: float64(p.MaxTokens)}
		f.tasks[p.Task.Name] = o
		if err := o.look(p, ids); err != nil {
			return nil, err
		}
		o.open = o.texts * float64(len(ids))
	}
	return f, nil
}

// look builds pairs of neighbours: what the second adds is what an item costs.
func (o *outlook) look(p *Prepared, ids []int) error {
	var chosen []int
	second := map[int]bool{}
	for k := range neighbours {
		i := k * len(ids) / neighbours
		if i+1 >= len(ids) || len(chosen) > 0 && ids[i] <= chosen[len(chosen)-1] {
			continue
		}
		chosen = append(chosen, ids[i], ids[i+1])
		second[ids[i+1]] = true
	}
	if len(chosen) == 0 {
		chosen = ids[:min(1, len(ids))]
	}
	before, counted := "", 0.0
	for it, err := range p.Builder.Items(chosen) {
		if err != nil {
			return err
		}
		characters, texts, shared := 0, 0, 0
		for i, r := range it.Requests {
			if i == 0 {
				shared = commonLength(before, r.Context)
			}
			characters += len(r.Context) - commonLength(before, r.Context) + len(r.Continuation)
			before = r.Context
			if r.Kind == prompts.Generate {
				texts += max(1, r.Gen.Samples)
			}
		}
		if second[it.DocID] || len(chosen) == 1 {
			o.characters += float64(characters)
			o.shared += float64(shared)
			o.texts += float64(texts)
			counted++
		}
	}
	if counted > 0 {
		o.characters /= counted
		o.shared /= counted
		o.texts /= counted
	}
	return nil
}

// wave takes the items of a wave out of what is left; it takes so many tokens.
func (f *forecast) wave(w *wave, tokens int) {
	for _, wk := range w.items {
		o := f.tasks[wk.task.Task.Name]
		o.left--
		f.waves.characters += o.characters
	}
	f.waves.tokens += float64(tokens)
}

// answer counts a generation that has ended.
func (f *forecast) answer(task string, a engine.Answer) {
	if len(a.Tokens) == 0 {
		return
	}
	o, n := f.tasks[task], float64(len(a.Tokens)-1) // the last one is fed to nothing
	o.open--
	o.ended.texts++
	o.ended.tokens += n
	f.ended.texts++
	f.ended.tokens += n
}

// total is how many tokens the run will have put through the model.
func (f *forecast) total() (inputs, generated float64) {
	perCharacter := 1.0 / tokenCharacters
	if f.waves.characters > 0 {
		perCharacter = f.waves.tokens / f.waves.characters
	}
	inputs = f.waves.tokens
	for _, o := range f.tasks {
		inputs += float64(o.left) * o.characters * perCharacter
	}
	generated = f.drawn
	for _, o := range f.tasks {
		generated += o.open * f.length(o)
	}
	// The texts under way are counted as drawn and as open: take what they
	// have already out again.
	return inputs, max(f.drawn, generated-max(0, f.drawn-f.ended.tokens))
}

// length is how many tokens a generation of a task will have. Short ones end
// first, so that the mean of those that have ended is too small while many are
// under way; but some of each task were let end before (see firstLook).
func (f *forecast) length(o *outlook) float64 {
	under := 1.0
	if f.ended.tokens > 0 {
		under = min(1.15, max(1, f.drawn/f.ended.tokens))
	}
	switch {
	case o.ended.texts > 0:
		return min(o.limit, under*o.ended.tokens/o.ended.texts)
	case f.ended.texts > 0:
		return min(o.limit, under*f.ended.tokens/f.ended.texts)
	}
	return o.limit / 2
}
