package hf

import (
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/model/unsupported"
)

// What is supported is not said to lack something.
func TestFamiliesLackNothing(t *testing.T) {
	for name := range families {
		if why := unsupported.Why(name); strings.HasPrefix(why, "it needs") {
			t.Errorf("%s: %s", name, why)
		}
	}
}
