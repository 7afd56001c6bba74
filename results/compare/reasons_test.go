package compare

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Few pairs have a line each, many of one reason share one.
func TestReasonNotes(t *testing.T) {
	var l reasonList
	for _, label := range []string{"a", "b", "a"} {
		l = l.add("few", label)
	}
	for i := range 6 {
		l = l.add("many", fmt.Sprint(i))
	}
	want := []string{"a: few.", "b: few.", "0, 1, 2 and 3 more: many."}
	if diff := cmp.Diff(want, l.notes()); diff != "" {
		t.Error(diff)
	}
}
