package results

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func config() Config {
	shots := 8
	return Config{
		Tasks:     []TaskConfig{{Name: "arc_easy", Hash: "aa", Data: "bb"}, {Name: "gsm8k", Hash: "cc", Data: "dd"}},
		Documents: Documents{Limit: 0.1, LimitOrder: "first", Items: []int{1, 2}, Shard: "1/2", Sample: true, Sequential: &Sequential{"1", []string{"a", "b"}, "gg"}},
		Model:     "SmolLM2", ModelHash: "ee", TokenizerHash: "ff", Mode: "exact", Device: "cpu", ISA: "avx2", Numerics: "1",
		Seed: 1234, Shots: &shots, FewShot: "fixed", Chat: true, System: "be <brief> & żółć", BOS: "auto",
		Generation: map[string]any{"temperature": 0.8, "until": []any{"\n"}, "max_tokens": 512.0}, Sandbox: "process",
	}
}

func hash(t *testing.T, c Config) string {
	t.Helper()
	h, err := c.Hash()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Every field of a configuration decides the hash, at any depth.
func TestConfigHash(t *testing.T) {
	want := hash(t, config())
	if len(want) != 64 || hash(t, config()) != want {
		t.Errorf("hash %q", want)
	}
	seen := map[string]string{want: "the original"}
	var change func(path string, at func(*Config) reflect.Value)
	change = func(path string, at func(*Config) reflect.Value) {
		c := config()
		v := at(&c)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(path+"."+v.Type().Field(i).Name, func(c *Config) reflect.Value { return at(c).Field(i) })
			}
			return
		case reflect.Slice:
			change(path+"[0]", func(c *Config) reflect.Value { return at(c).Index(0) })
			v.Set(v.Slice(0, v.Len()-1))
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		case reflect.Float64:
			v.SetFloat(v.Float() + 1)
		case reflect.Map, reflect.Pointer:
			if v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
				change(path, func(c *Config) reflect.Value { return at(c).Elem() })
			}
			v.SetZero()
		default:
			t.Fatalf("%s: a field of kind %s: extend this test", path, v.Kind())
		}
		h := hash(t, c)
		if before, ok := seen[h]; ok {
			t.Errorf("changing %s gives the hash of %s", path, before)
		}
		seen[h] = path
	}
	change("Config", func(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() })
	if len(seen) < 20 {
		t.Errorf("only %d fields were changed", len(seen))
	}
}

func TestConfigHashOfEmptyLists(t *testing.T) {
	a := Config{}
	b := Config{Tasks: []TaskConfig{}, Generation: map[string]any{}, Documents: Documents{Items: []int{}}}
	if hash(t, a) != hash(t, b) {
		t.Error("nil and empty lists differ")
	}
}

func TestRunRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := Run{
		ID: "r", ConfigHash: hash(t, config()), Config: config(), Version: "0.1", Command: []string{"llamaeval", "run"},
		Started: time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC), Plan: Plan{Requests: 1 << 40}, Warnings: []string{"w"}, Threads: 2,
	}
	if err := WriteRun(dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if hash(t, got.Config) != want.ConfigHash {
		t.Error("the configuration does not survive the round trip")
	}
}

func TestFolderName(t *testing.T) {
	tests := []struct {
		model string
		tasks []string
		want  string
	}{
		{"SmolLM2-135M", []string{"gsm8k"}, "SmolLM2-135M-gsm8k-01234567"},
		{"../a b/c:d", []string{"mmlu_*", "żółć"}, ".._a_b_c_d-mmlu_______-01234567"},
		{"m", []string{strings.Repeat("x", 50), strings.Repeat("y", 50)}, "m-" + strings.Repeat("x", 50) + "_" + strings.Repeat("y", 9) + "-01234567"},
	}
	for _, tt := range tests {
		if got, want := FolderName(tt.model, tt.tasks, "0123456789"), filepath.Join("llamaeval-out", tt.want); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPromptHash(t *testing.T) {
	// printf with two 8-byte counts of zero, through sha256sum.
	if got, want := PromptHash(nil, nil), "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	seen := make(map[string]bool)
	for _, p := range [][2][]string{{{"a", "bc"}, nil}, {{"ab", "c"}, nil}, {{"a"}, {"bc"}}, {{"abc"}, nil}, {nil, {"abc"}}, {{"", "abc"}, nil}} {
		seen[PromptHash(p[0], p[1])] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d different hashes of 6", len(seen))
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestInspect(t *testing.T) {
	run := Run{ConfigHash: "mine", Config: config(), Started: time.Unix(0, 0)}
	finished := run
	finished.Finished = time.Unix(5, 0)
	put := func(r Run) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := WriteRun(dir, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		fill  func(t *testing.T, dir string)
		state State
		err   string
	}{
		{"missing", func(t *testing.T, dir string) { os.Remove(dir) }, Empty, ""},
		{"empty", func(*testing.T, string) {}, Empty, ""},
		{"died before its first file", func(t *testing.T, dir string) {
			write(t, dir, lockFile, "")
			write(t, dir, tempPrefix+"run.json-1", "{")
		}, Empty, ""},
		{"unfinished", put(run), Unfinished, ""},
		{"finished", func(t *testing.T, dir string) {
			put(finished)(t, dir)
			write(t, dir, SamplesFile, "")
			write(t, dir, ScoresFile, "")
		}, Finished, ""},
		{"finished without its files", put(finished), Other, "without its samples.parquet"},
		{"another configuration", put(Run{ConfigHash: "other", Config: config()}), Other, "another configuration (model SmolLM2, tasks arc_easy, gsm8k"},
		{"other files", func(t *testing.T, dir string) { write(t, dir, "thesis.tex", "") }, Other, "holds other files (thesis.tex)"},
		{"a run.json of something else", func(t *testing.T, dir string) { write(t, dir, RunFile, "[1]") }, Other, "not a description of a run"},
		{"a file", func(t *testing.T, dir string) {
			os.Remove(dir)
			write(t, filepath.Dir(dir), filepath.Base(dir), "")
		}, Other, "is a file, not a folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			tt.fill(t, dir)
			state, _, err := Inspect(dir, "mine")
			if state != tt.state || (err == nil) != (tt.err == "") {
				t.Fatalf("got %v, %v; want %v, %q", state, err, tt.state, tt.err)
			}
			if err != nil && (!strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), dir)) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tempPrefix+"samples.parquet-77", "half")
	write(t, dir, RunFile, "{}")
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != RunFile {
		t.Errorf("left: %v %v", entries, err)
	}
}

func TestReadRunMissing(t *testing.T) {
	_, err := ReadRun(t.TempDir())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no results here") {
		t.Errorf("got %v", err)
	}
}

const helperEnv = "LLAMAEVAL_TEST_LOCK"

// TestLockHelper is the second process of TestLockFolder: it takes the lock
// and holds it until it is killed.
func TestLockHelper(t *testing.T) {
	dir := os.Getenv(helperEnv)
	if dir == "" {
		t.Skip("runs as a helper process only")
	}
	if _, err := LockFolder(dir); err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("locked\n")
	time.Sleep(time.Minute)
}

func TestLockFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b") // made on the way
	l, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v %v", entries, err)
	}

	cmd := exec.Command(os.Args[0], "-test.run=^TestLockHelper$")
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("helper: %q %v", line, err)
	}
	_, err = LockFolder(dir)
	host, _ := os.Hostname()
	want := "process " + strconv.Itoa(cmd.Process.Pid) + " on " + host
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // reports the kill
	l, err = LockFolder(dir)
	if err != nil {
		t.Fatalf("the lock outlives its process: %v", err)
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}
