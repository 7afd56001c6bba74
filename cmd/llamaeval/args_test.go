package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestArrange(t *testing.T) {
	tests := []struct{ args, want, err string }{
		{args: "run --task piqa --limit -1", want: "run --task=piqa --limit=-1 --"},
		{args: "tasks show piqa --item 3 --shots=2", want: "tasks show --item=3 --shots=2 -- piqa"},
		{args: "tasks --hub x show piqa", want: "tasks show --hub=x -- piqa"},
		{args: "--task piqa run --quiet", want: "run --task=piqa --quiet --"},
		{args: "model info -- --quiet", want: "model info -- --quiet"},
		{args: "run -o dir --task piqa", want: "run --o=dir --task=piqa --"},
		{args: "--version", want: "--version"},
		{args: "", want: ""},
		{args: "run --nonsense", err: "run has no flag --nonsense"},
		{args: "rnu --task x", err: `no command "rnu" (did you mean run?)`},
		{args: "tasks lits", err: `llamaeval tasks has no command "lits" (did you mean list?)`},
	}
	for _, tt := range tests {
		got, err := arrange(newApp(io.Discard, io.Discard), append([]string{"llamaeval"}, strings.Fields(tt.args)...))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %q", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, append([]string{"llamaeval"}, strings.Fields(tt.want)...)) {
			t.Errorf("%q: %q, %v; want %q", tt.args, got, err, tt.want)
		}
	}
}
