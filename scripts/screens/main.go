// Command screens makes the pictures of README: a terminal, as SVG, and the
// report page, as PNG. It runs the real program on the real model:
//
//	make build && go run ./scripts/screens
//
// The first time it scores two files of the model on 400 documents (minutes);
// the runs are kept in the cache folder. LLAMAEVAL_HUB names a mirror. It needs
// tmux and chromium (scripts/chromium).
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	columns  = 100
	rows     = 60
	pictures = "docs/images"
)

// prepare are the commands before the first picture.
var prepare = []string{
	"[ -f small.gguf ] || llamaeval model quantize --type Q4_0 -o small.gguf",
	"llamaeval run --task piqa,arc_easy --limit 200 --limit-order random --out results/base",
	"llamaeval run --model small.gguf --task piqa,arc_easy --limit 200 --limit-order random --out results/new",
	"llamaeval report results/base results/new -o report.html",
}

// typed are the commands in the terminal's picture.
var typed = []string{
	"llamaeval run --model small.gguf --task piqa,arc_easy --limit 200 --limit-order random \\\n    --out results/new --quiet",
	"llamaeval compare results/base results/new --gate 'd(piqa)>=-0.10' --gate 'd(arc_easy)>=-0.02'",
	"echo $?",
}

// opened is the part of the report page that its picture shows.
const opened = "#task=piqa&open=piqa/11"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	work := filepath.Join(cache, "llamaeval", "screens")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		return err
	}
	if err := os.Setenv("PATH", filepath.Join(root, "bin")+":"+os.Getenv("PATH")); err != nil {
		return err
	}
	for _, command := range prepare {
		c := exec.Command("bash", "-c", command)
		c.Dir, c.Stderr = work, os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
	}
	screen, err := terminal(work)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(pictures, "terminal.svg"), drawn(screen), 0o644); err != nil {
		return err
	}
	return page(filepath.Join(work, "report.html")+opened, filepath.Join(root, pictures, "report.png"))
}

// terminal types the commands into a terminal and returns what it shows.
func terminal(work string) ([]string, error) {
	socket := fmt.Sprintf("screens-%d", os.Getpid()) // of a server of its own
	tmux := func(args ...string) (string, error) {
		out, err := exec.Command("tmux", append([]string{"-L", socket}, args...)...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
		}
		return string(out), err
	}
	if _, err := tmux("new-session", "-d", "-s", "s", "-c", work, "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), "env", "PS1=$ ", "PS2=", "bash", "--norc"); err != nil {
		return nil, err
	}
	defer tmux("kill-server")
	if err := prompted(tmux, 0); err != nil {
		return nil, err
	}
	for i, command := range typed {
		if _, err := tmux("send-keys", "-t", "s", "-l", command); err != nil {
			return nil, err
		}
		if _, err := tmux("send-keys", "-t", "s", "Enter"); err != nil {
			return nil, err
		}
		if err := prompted(tmux, i+1); err != nil {
			return nil, err
		}
	}
	out, err := tmux("capture-pane", "-p", "-t", "s")
	lines := strings.Split(strings.TrimSuffix(strings.TrimRight(out, "\n $"), "\n"), "\n")
	return lines, err
}

// prompted waits until so many commands have ended and the next is asked for.
func prompted(tmux func(...string) (string, error), done int) error {
	for range 600 {
		time.Sleep(200 * time.Millisecond)
		out, err := tmux("capture-pane", "-p", "-t", "s")
		if err != nil {
			return err
		}
		if prompts := strings.Count("\n"+out, "\n$"); prompts == done+1 && strings.HasSuffix("\n"+strings.TrimRight(out, "\n "), "\n$") {
			return nil
		}
	}
	return fmt.Errorf("command %d in the terminal has not ended after two minutes", done)
}

// page takes a picture of a page.
func page(address, to string) error {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		profile, err := os.MkdirTemp("", "screens")
		if err != nil {
			return err
		}
		defer os.RemoveAll(profile)
		out, err := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir="+profile,
			"--window-size=1180,1640", "--virtual-time-budget=5000", "--screenshot="+to, "file://"+address).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	return fmt.Errorf("chromium is not installed: run scripts/chromium")
}
