package tasks

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// bracketed finds the shortest spans in brackets on one line: remains of the
// WikiHow pages that half of HellaSwag is made from.
var bracketed = regexp.MustCompile(`\[.*?\]`)

func hellaswagClean(s string) string {
	s = py.Strip(s, "")
	s = strings.ReplaceAll(s, " [title]", ". ")
	s = bracketed.ReplaceAllString(s, "")
	return strings.ReplaceAll(s, "  ", " ")
}

// hellaswagDoc adds query, choices and gold.
func hellaswagDoc(doc, out *py.Dict) error {
	var text [4]string
	for i, name := range []string{"ctx_a", "ctx_b", "activity_label", "label"} {
		var err error
		if text[i], err = column(doc, name); err != nil {
			return err
		}
	}
	endings, ok := doc.Get("endings")
	list, isList := endings.([]any)
	if !ok || !isList {
		return fmt.Errorf("the document has no list %q", "endings")
	}
	gold, err := strconv.ParseInt(py.Strip(text[3], ""), 10, 64)
	if err != nil {
		return fmt.Errorf("label %q is not a number: is this the split without labels?", text[3])
	}
	choices := make([]any, len(list))
	for i, e := range list {
		s, ok := e.(string)
		if !ok {
			return fmt.Errorf("ending %d is %s, not a text", i, py.TypeName(e))
		}
		choices[i] = hellaswagClean(s)
	}
	out.Set("query", hellaswagClean(text[2]+": "+text[0]+" "+py.Capitalize(text[1])))
	out.Set("choices", choices)
	out.Set("gold", gold)
	return nil
}
