// Command release builds what a release consists of into one folder: an
// archive for each system with the program, LICENSE, README.md, the manual and
// completions; a list of all modules in it (CycloneDX); SHA256SUMS.
//
//	go run ./scripts/release
//	go run ./scripts/release -targets linux/arm64 -out dist -sbom bin/cyclonedx-gomod
//
// The same commit and Go version give the same bytes, on any machine and in
// any folder: paths are trimmed, all times are the commit's.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const allTargets = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64"

// A release is built from the checkout in the working folder.
type release struct {
	version string
	time    time.Time // of everything in it
	out     string
	sbom    string // path of cyclonedx-gomod; empty: no list of modules
}

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "stamped into the program; default: what git describes")
	flag.StringVar(&r.out, "out", "dist", "`FOLDER` for what is built; what it holds is removed")
	flag.StringVar(&r.sbom, "sbom", "", "the program cyclonedx-gomod; empty: leave the list of modules out")
	targets := flag.String("targets", allTargets, "systems, split at commas")
	flag.Parse()
	if err := r.run(strings.Split(*targets, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (r *release) run(targets []string) error {
	if err := r.fromGit(); err != nil {
		return err
	}
	if err := os.RemoveAll(r.out); err != nil {
		return err
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	common, err := r.commonFiles()
	if err != nil {
		return err
	}
	for _, target := range targets {
		if err := r.archive(target, common); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	if r.sbom != "" {
		name := filepath.Join(r.out, "llamaeval_"+r.version+".cdx.json")
		// Neither a time nor a random number, so that bytes repeat.
		if _, err := output(nil, r.sbom, "mod", "-json", "-std", "-licenses", "-notimestamp", "-noserial", "-output", name, "."); err != nil {
			return err
		}
	}
	return writeSums(r.out)
}

// fromGit fills in the version, if it was not given, and the commit's time.
func (r *release) fromGit() error {
	if r.version == "" {
		out, err := output(nil, "git", "describe", "--tags", "--always", "--dirty")
		if err != nil {
			return err
		}
		r.version = strings.TrimSpace(string(out))
	}
	if strings.ContainsAny(r.version, "/\\ ") {
		return fmt.Errorf("version %q cannot be part of a file's name: name the tag otherwise, or give -version", r.version)
	}
	out, err := output(nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	r.time = time.Unix(seconds, 0).UTC()
	return err
}

// commonFiles is what all archives hold: documents, and what this machine's
// build of the program prints of itself.
func (r *release) commonFiles() ([]file, error) {
	scratch, err := os.MkdirTemp("", "llamaeval-release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	program := filepath.Join(scratch, "llamaeval.exe")
	if err := r.build(program, runtime.GOOS, runtime.GOARCH); err != nil {
		return nil, err
	}
	var files []file
	for _, name := range []string{"LICENSE", "README.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, data, 0o644})
	}
	for name, command := range map[string]string{
		"completions/llamaeval.bash": "completion bash", "completions/_llamaeval": "completion zsh",
		"completions/llamaeval.fish": "completion fish", "man/man1/llamaeval.1": "man",
	} {
		data, err := output(nil, program, strings.Fields(command)...)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, data, 0o644})
	}
	return files, nil
}

// build compiles the program. What git says of the folder is left out of it:
// that differs between clones of one commit.
func (r *release) build(path, system, arch string) error {
	_, err := output([]string{"GOOS=" + system, "GOARCH=" + arch, "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0"},
		"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.stamped="+r.version, "-o", path, "./cmd/llamaeval")
	return err
}

// archive builds for "system/architecture" and packs it.
func (r *release) archive(target string, common []file) error {
	system, arch, ok := strings.Cut(target, "/")
	if !ok {
		return fmt.Errorf("not a target: write it as linux/amd64")
	}
	program := "llamaeval"
	if system == "windows" {
		program += ".exe"
	}
	path := filepath.Join(r.out, program)
	if err := r.build(path, system, arch); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	files := append([]file{{program, data, 0o755}}, common...)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	name := fmt.Sprintf("llamaeval_%s_%s_%s", r.version, system, arch)
	var packed bytes.Buffer
	ext, pack := ".tar.gz", writeTarGz
	if system == "windows" {
		ext, pack = ".zip", writeZip
	}
	if err := pack(&packed, name, files, r.time); err != nil {
		return err
	}
	fmt.Printf("%s %d bytes\n", name+ext, packed.Len())
	return os.WriteFile(filepath.Join(r.out, name+ext), packed.Bytes(), 0o644)
}

// writeSums writes SHA256SUMS over all files of a folder, as sha256sum does.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// output runs a command and returns what it prints; its complaints are part
// of the error.
func output(env []string, name string, args ...string) ([]byte, error) {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), env...)
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(complaints.Bytes()))
	}
	return out, nil
}
