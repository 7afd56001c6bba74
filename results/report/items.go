package report

import (
	"cmp"
	"iter"
	"slices"

	"github.com/llamaeval/llamaeval/results"
)

// An item is one document of one task with the samples of the models that
// answered it, in the models' order.
type item struct {
	samples []answered
}

type answered struct {
	model int
	results.Sample
}

func (it item) first() results.Sample { return it.samples[0].Sample }

// A source yields the samples of one results folder, one ahead.
type source struct {
	model int
	next  func() (results.Sample, error, bool)
	stop  func()
	head  results.Sample
	ended bool
}

func (s *source) advance() error {
	sample, err, ok := s.next()
	if ok && err != nil {
		return err
	}
	s.head, s.ended = sample, !ok
	return nil
}

// items joins the samples of all models by task and document. Samples of the
// same number whose documents differ are items of their own: nothing is
// compared across different questions.
func items(models []model) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		var sources []*source
		defer func() {
			for _, s := range sources {
				s.stop()
			}
		}()
		for m, model := range models {
			for _, r := range model.runs {
				next, stop := iter.Pull2(results.ReadSamples(r.dir))
				s := &source{model: m, next: next, stop: stop}
				sources = append(sources, s)
				if err := s.advance(); err != nil {
					yield(item{}, err)
					return
				}
			}
		}
		for {
			sources = slices.DeleteFunc(sources, func(s *source) bool {
				if s.ended {
					s.stop()
				}
				return s.ended
			})
			if len(sources) == 0 {
				return
			}
			same, err := takeFirst(sources)
			if err != nil {
				yield(item{}, err)
				return
			}
			for _, it := range byDocument(same) {
				if !yield(it, nil) {
					return
				}
			}
		}
	}
}

// takeFirst takes the samples of the first task and document that any source
// has next.
func takeFirst(sources []*source) ([]answered, error) {
	least := slices.MinFunc(sources, func(a, b *source) int { return a.head.Compare(b.head) }).head
	var out []answered
	for _, s := range sources {
		if s.head.Compare(least) != 0 {
			continue
		}
		out = append(out, answered{s.model, s.head})
		if err := s.advance(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b answered) int { return cmp.Compare(a.model, b.model) })
	return out, nil
}

// byDocument parts samples of one number by their documents.
func byDocument(samples []answered) []item {
	var out []item
	for _, s := range samples {
		i := slices.IndexFunc(out, func(it item) bool { return it.first().DocHash == s.DocHash })
		if i < 0 {
			out, i = append(out, item{}), len(out)
		}
		out[i].samples = append(out[i].samples, s)
	}
	return out
}
