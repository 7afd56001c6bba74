package fetch

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/hf"
)

// Tokenizer finds a tokenizer without its model: a file or a folder of this
// machine, or the tokenizer's files of hf:org/name[@revision].
func Tokenizer(ctx context.Context, name string, hub Hub) (path string, err error) {
	if !strings.HasPrefix(name, hubPrefix) {
		_, err := os.Stat(name)
		return name, err
	}
	n := parseHubName(name)
	if n.repo == "" || n.revision == "" || n.file != "" {
		return "", fmt.Errorf("%.200q: want hf:org/name or hf:org/name@revision", name)
	}
	if dir, ok := snapshot(n.repo, n.revision); ok {
		if entries, err := os.ReadDir(dir); err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "tokenizer.json" }) {
			return dir, nil
		}
	}
	dir, _, err := hub.Checkpoint(ctx, n.repo, n.revision, "", func(names []string) ([]string, error) {
		if !slices.Contains(names, "tokenizer.json") && !slices.Contains(names, "tokenizer.model") {
			return nil, fmt.Errorf("it has neither tokenizer.json nor tokenizer.model among its %d files%s", len(names), listing(names))
		}
		var out []string
		for _, f := range hf.Beside {
			if slices.Contains(names, f) {
				out = append(out, f)
			}
		}
		return out, nil
	})
	return dir, err
}
