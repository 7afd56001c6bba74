package fetch

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// installer is a Python tool that can get a package's files.
type installer struct {
	name    string
	command []string // the tool itself
	args    func(a Alias, dir string) []string
	open    func(a Alias, dir string) (io.ReadCloser, error)
}

// installers returns the tools that this machine has, at most one pip and uv.
// They are tried in dir, see run.
func installers(ctx context.Context, dir string) []installer {
	var found []installer
	for _, command := range [][]string{{"python3", "-m", "pip"}, {"pip"}, {"pip3"}, {"python", "-m", "pip"}} {
		if works(ctx, command, dir) {
			found = append(found, installer{"pip", command, pipArgs, openWheel})
			break
		}
	}
	if command := []string{"uv"}; works(ctx, command, dir) {
		found = append(found, installer{"uv", command, uvArgs, openInstalled})
	}
	return found
}

// works reports whether the tool is there and starts: python3 may lack pip.
func works(ctx context.Context, command []string, dir string) bool {
	if _, err := exec.LookPath(command[0]); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], "--version")...)
	cmd.Dir = dir
	return cmd.Run() == nil
}

// Only wheels are taken: building a source package would run its code.

func pipArgs(a Alias, dir string) []string {
	return []string{"download", "--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check",
		"--progress-bar", "off", "--dest", dir, a.Requirement()}
}

// uv has no download command; installing into a folder comes closest.
func uvArgs(a Alias, dir string) []string {
	return []string{"pip", "install", "--no-deps", "--only-binary", ":all:", "--no-progress", "--target", dir, a.Requirement()}
}

// run lets the tool fill dir. It also runs there, since `python -m` looks for
// modules in the working folder, which must be one that nobody else can fill.
func (t installer) run(ctx context.Context, a Alias, dir string) error {
	command := append(t.command[:len(t.command):len(t.command)], t.args(a, dir)...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, output.lastLine())
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.b = append(t.b, p...)
	if len(t.b) > most {
		t.b = append(t.b[:0], t.b[len(t.b)-most:]...)
	}
	return len(p), nil
}

// lastLine returns the last line that is not empty, an ERROR line if there is
// one: pip ends with advice on upgrading.
func (t *tail) lastLine() string {
	last := "no output"
	for line := range strings.Lines(string(t.b)) {
		line = strings.TrimSpace(line)
		if line != "" && (!strings.HasPrefix(last, "ERROR") || strings.HasPrefix(line, "ERROR")) {
			last = line
		}
	}
	if len(last) > 300 {
		last = last[:300] + "..."
	}
	return strings.ToValidUTF8(last, "?")
}
