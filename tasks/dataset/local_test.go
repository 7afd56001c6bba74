package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// write puts files into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLocalFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"a.jsonl":          "{\"q\":\"a\",\"n\":1}\r\n\n{\"q\":\"b\",\"n\":2.5}",
		"nested.jsonl":     "{\"a\":{\"x\":[1],\"y\":null}}\n{\"b\":[{\"c\":1}],\"a\":{\"y\":\"z\",\"x\":[2.5,3]}}",
		"uneven.jsonl":     "{\"a\":{\"x\":1},\"b\":1}\n{\"a\":{\"y\":2.5},\"b\":\"s\"}",
		"b.json":           "\ufeff[{\"x\": [1, {\"y\": null}]}]",
		"c.json":           `{"version": 1, "data": [{"x": 1}, {"y": 2}]}`,
		"one.json":         "{\n  \"a\": [1],\n  \"b\": \"x\"\n}\n",
		"columns.json":     `{"data": {"a": [1, 2], "b": ["x", "y"]}}`,
		"d.csv":            "\ufeffid,text,score,ok\r\n1,\"a, \"\"b\"\"\r\nc\",0.5,True\r\n\r\n2,,3,false\r\n",
		"e.tsv":            "a\ta\t\n1\tNA\tx\n2\t7\ty\n",
		"f.txt":            "one\r\n\ntwo\n",
		"folder/train.csv": "a\n1\n", "folder/dev-0.jsonl": "{\"a\":2}\n", "folder/test/x.jsonl": "{\"a\":3}\n",
	})
	files := func(v py.Value, more ...py.Value) *py.Dict {
		return py.DictOf(append([]py.Value{"data_files", v}, more...)...)
	}
	for _, c := range []struct {
		name  string
		ref   Ref
		split string
		want  string
	}{
		{"jsonl", Ref{Path: "json", Kwargs: files("a.jsonl")}, "train", `{"q": "a", "n": 1.0} {"q": "b", "n": 2.5}`},
		{"split map", Ref{Path: "json", Kwargs: files(py.DictOf("test", []any{"a.jsonl", "a.jsonl"}))}, "test",
			`{"q": "a", "n": 1.0} {"q": "b", "n": 2.5} {"q": "a", "n": 1.0} {"q": "b", "n": 2.5}`},
		{"numbers and order", Ref{Path: "json", Kwargs: files("nested.jsonl")}, "train",
			`{"a": {"x": [1.0], "y": null}, "b": null} {"a": {"x": [2.5, 3.0], "y": "z"}, "b": [{"c": 1}]}`},
		{"uneven", Ref{Path: "json", Kwargs: files("uneven.jsonl")}, "train", `{"a": {"x": 1}, "b": 1} {"a": {"y": 2.5}, "b": "s"}`},
		{"array", Ref{Path: "json", Kwargs: files("b.json")}, "train", `{"x": [1, {"y": null}]}`},
		{"field", Ref{Path: "json", Kwargs: files("c.json", "field", "data")}, "train", `{"x": 1, "y": null} {"x": null, "y": 2}`},
		{"one object", Ref{Path: "json", Kwargs: files("one.json")}, "train", `{"a": [1], "b": "x"}`},
		{"columns", Ref{Path: "json", Kwargs: files("columns.json", "field", "data")}, "train", `{"a": 1, "b": "x"} {"a": 2, "b": "y"}`},
		{"csv", Ref{Path: "csv", Kwargs: files("d.csv")}, "train",
			`{"id": 1, "text": "a, \"b\"\r\nc", "score": 0.5, "ok": true} {"id": 2, "text": null, "score": 3.0, "ok": false}`},
		{"tab", Ref{Path: "csv", Kwargs: files("e.tsv", "sep", "\t")}, "train",
			`{"a": 1, "a.1": null, "Unnamed: 2": "x"} {"a": 2, "a.1": 7.0, "Unnamed: 2": "y"}`},
		{"text", Ref{Path: "text", Kwargs: files("f.txt")}, "train", `{"text": "one"} {"text": ""} {"text": "two"}`},
		{"pattern", Ref{Path: "json", Kwargs: files("a*.jsonl")}, "train", `{"q": "a", "n": 1.0} {"q": "b", "n": 2.5}`},
		{"path", Ref{Path: "./a.jsonl"}, "train", `{"q": "a", "n": 1.0} {"q": "b", "n": 2.5}`},
		{"folder", Ref{Path: "folder"}, "train", `{"a": 1}`},
		{"folder dev", Ref{Path: "folder"}, "validation", `{"a": 2}`},
		{"folder test", Ref{Path: "folder"}, "test", `{"a": 3}`},
		{"data_dir", Ref{Path: "json", Kwargs: py.DictOf("data_dir", "folder")}, "test", `{"a": 3}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.ref.Dir = dir
			s, err := NewStore(Options{Offline: true, CacheDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			split, err := s.Load(t.Context(), c.ref, c.split)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range split.Docs {
				got = append(got, py.JSON(d, -1))
			}
			if all := strings.Join(got, " "); all != c.want {
				t.Errorf("got  %s\nwant %s", all, c.want)
			}
		})
	}
}

func TestLocalErrors(t *testing.T) {
	dir := write(t, map[string]string{
		"cut.jsonl": "{\"q\":1}\n{\"q\":", "number.jsonl": "{\"q\":1}\n3\n", "array.json": "[1]", "scalar.json": "{\"data\": 1}",
		"wide.csv": "a,b\n1,2\n1,2,3\n", "open.csv": "a\n\"x\n", "empty.csv": "", "latin.txt": "\xff",
		"cut.parquet": "PAR1 cut", "x.bin": "", "uneven.json": `{"d": {"a": [1], "b": []}}`, "folder/readme.md": "",
		"token": "hf_secret",
	})
	t.Setenv("HF_HOME", dir)
	if err := os.Symlink("token", filepath.Join(dir, "link.txt")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ path, file, field, want string }{
		{"json", "none.jsonl", "", "none.jsonl: no such file"},
		{"json", "cut.jsonl", "", "cut.jsonl:2: "},
		{"json", "number.jsonl", "", "number.jsonl:2: a row must be an object"},
		{"json", "array.json", "", "array.json: item 0"},
		{"json", "scalar.json", "data", "scalar.json: the rows must be"},
		{"json", "scalar.json", "date", `scalar.json: the object has no field "date", it has data`},
		{"json", "uneven.json", "d", "uneven.json: column 'b' has 0 values"},
		{"json", "https://example.org/x.json", "", "URLs are not fetched"},
		{"json", "none*.jsonl", "", "no file matches"},
		{"json", "folder", "", "is a folder"},
		{"csv", "wide.csv", "", "wide.csv:3: the row has 3 fields"},
		{"csv", "open.csv", "", "open.csv:2: a quoted field is not closed"},
		{"csv", "empty.csv", "", "empty.csv: the file is empty"},
		{"text", "latin.txt", "", "latin.txt: the text is not UTF-8"},
		{"parquet", "cut.parquet", "", "cut.parquet: not a Parquet file"},
		{"./x.bin", "", "", "unknown kind of file"},
		{"./none.jsonl", "", "", "none.jsonl: no such file"},
		{"./folder", "", "", "holds no data files"},
		{"json", "", "", "needs data_files"},
		{"text", "token", "", "token is the hub's token, which no prompt may hold"},
		{"text", "link.txt", "", "link.txt is the hub's token"},
	} {
		kwargs := py.NewDict()
		if c.file != "" {
			kwargs.Set("data_files", c.file)
		}
		if c.field != "" {
			kwargs.Set("field", c.field)
		}
		s, err := NewStore(Options{Offline: true, CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Load(t.Context(), Ref{Path: c.path, Kwargs: kwargs, Dir: dir}, "train")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: error %v, want %q", c.path, c.file, err, c.want)
		}
	}
}

// A file of /proc says that it is empty; what it holds is no business of a prompt.
func TestEnvironmentIsNotRead(t *testing.T) {
	s, err := NewStore(Options{Offline: true, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	kwargs := py.NewDict()
	kwargs.Set("data_files", "/proc/self/environ")
	split, err := s.Load(t.Context(), Ref{Path: "text", Kwargs: kwargs, Dir: "/"}, "train")
	if err == nil && len(split.Docs) > 0 {
		t.Errorf("%d documents of the environment", len(split.Docs))
	}
}

// TestHash holds the content hash to its definition, which results depend on.
func TestHash(t *testing.T) {
	split, err := newSplit([]*py.Dict{py.DictOf("a", int64(1)), py.DictOf("b", "é")}, "", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	// printf '{"a": 1}\n{"b": "é"}\n' | sha256sum
	if want := "48eeb07cb2acb85150c2b208088622021aed1a2e3c72b3e9a22942e659a63bba"; split.Hash != want {
		t.Errorf("hash %s, want %s", split.Hash, want)
	}
}
