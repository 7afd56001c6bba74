package nearest

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	known := []string{"hellaswag", "humaneval", "gsm8k", "arc_easy", "arc_challenge"}
	for name, want := range map[string]string{
		"hellaswg": "hellaswag", "HellaSwag": "hellaswag", "gms8k": "gsm8k", "arc_chal": "arc_challenge", "arc-easy": "arc_easy", "q": "", "completely": "",
	} {
		if got := strings.Join(Names(name, known, 3), " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"regex", "regexp", 1}, {"kitten", "sitting", 3}, {"acc_norm", "acc_nrom", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
