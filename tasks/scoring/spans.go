package scoring

import (
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// spanLabels maps what models call a kind of named entity to its label, in the
// order in which they are replaced.
func spanLabels() [][2]string {
	return [][2]string{
		{"person", "PER"}, {"location", "LOC"}, {"organization", "ORG"}, {"counties", "LOC"}, {"places", "LOC"},
		{"people", "PER"}, {"persons", "PER"}, {"company", "ORG"}, {"country", "LOC"}, {"continent", "LOC"},
		{"time", "DATE"}, {"date", "DATE"}, {"per", "PER"}, {"loc", "LOC"}, {"org", "ORG"},
	}
}

// spanFilter rewrites a list of named entities as "label: entity $ label:
// entity", one entity each, without those called none.
type spanFilter struct {
	labels []spanLabel
	spans  *regex.Regexp
}

type spanLabel struct {
	re *regex.Regexp
	to string
}

func newSpanFilter(*arguments) (func(Item, py.Value) (py.Value, error), error) {
	f := spanFilter{spans: regex.MustCompile(`\b(PER|LOC|ORG|DATE):\s*([^$]+)`)}
	for _, l := range spanLabels() {
		f.labels = append(f.labels, spanLabel{regex.MustCompile(`\b` + l[0] + `\s*:`), l[1] + ":"})
	}
	return perText(f.apply), nil
}

func (f spanFilter) apply(s string) (string, error) {
	s = py.Lower(s)
	for _, l := range f.labels {
		var err error
		if s, err = l.re.Sub(l.to, s, 0); err != nil {
			return "", err
		}
	}
	s = strings.TrimRight(strings.ReplaceAll(s, "$$", "$"), "$")
	all, err := f.spans.FindAll(py.Strip(strings.ReplaceAll(s, "\n", "$"), ""))
	if err != nil {
		return "", err
	}
	var out []string
	for _, groups := range all {
		for _, entity := range strings.Split(groups[2], ",") {
			if entity = py.Strip(entity, ""); py.Lower(entity) != "none" {
				out = append(out, py.Lower(groups[1])+": "+entity)
			}
		}
	}
	return strings.Join(out, " $ "), nil
}
