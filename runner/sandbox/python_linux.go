package sandbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

//go:embed probe.py
var probe string

// Python describes an interpreter: what it is and which files it needs.
type Python struct {
	Executable string   `json:"executable"` // its real path
	Prefix     string   `json:"prefix"`
	Version    string   `json:"version"`
	Library    []string `json:"library"` // folders of the standard library
	Files      []string `json:"files"`   // shared objects outside of it
	Missing    []string `json:"missing"` // modules without which Host cannot work
}

// findPython looks for an interpreter and asks it. name "" is python3 in PATH.
func findPython(ctx context.Context, name string) (Python, error) {
	if name == "" {
		name = "python3"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return Python{}, fmt.Errorf("sandbox: %s is needed to score generated code and was not found: install Python 3, or leave out tasks that run code", name)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-I", "-c", probe)
	cmd.WaitDelay = time.Second
	message := &capped{limit: 4 << 10}
	cmd.Stderr = message
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return Python{}, ctx.Err()
	}
	var p Python
	if err == nil {
		err = json.Unmarshal(out, &p)
	}
	if err != nil {
		return Python{}, fmt.Errorf("sandbox: %s does not describe itself (%w): %s: Python 3.9 or newer is needed", path, err, lastLine(message.String()))
	}
	if p.Executable == "" || strings.HasPrefix(p.Version, "2.") {
		return Python{}, fmt.Errorf("sandbox: %s is no Python 3.9 or newer", path)
	}
	return p, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// capped keeps the first limit bytes that are written and drops the rest.
type capped struct {
	text  strings.Builder
	limit int
}

func (c *capped) Write(p []byte) (int, error) {
	c.text.Write(p[:min(len(p), c.limit-c.text.Len())])
	return len(p), nil
}

func (c *capped) String() string { return c.text.String() }
