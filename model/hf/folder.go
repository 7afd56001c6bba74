package hf

import (
	"encoding/hex"
	"path/filepath"
	"strings"
)

// folderName is what a checkpoint is called by the folder it lies in. Caches
// name folders by commits: there it is the repository's name, in this
// program's NAME/COMMIT, in the hub's own models--ORG--NAME/snapshots/COMMIT.
func folderName(dir string) string {
	base := filepath.Base(dir)
	if b, err := hex.DecodeString(base); err != nil || len(b) < 20 {
		return base
	}
	parent := filepath.Dir(dir)
	if filepath.Base(parent) == "snapshots" {
		parent = filepath.Dir(parent)
	}
	name := filepath.Base(parent)
	if at := strings.LastIndex(name, "--"); strings.HasPrefix(name, "models--") && at >= 0 {
		return name[at+2:]
	}
	return name
}
