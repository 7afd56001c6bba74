package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/results"
)

func modelQuantizeCommand() *cli.Command {
	var names []string
	for _, t := range quant.Targets() {
		names = append(names, t.String())
	}
	return &cli.Command{
		Name: "quantize", Usage: "write a checkpoint as a GGUF file with weights of another type",
		ArgsUsage: "[MODEL]",
		UsageText: "llamaeval model quantize hf:org/name --type Q8_0 -o name-Q8_0.gguf",
		Flags: flags(modelFlag(),
			&cli.StringFlag{Name: "type", Usage: "the `TYPE` of the matrices: " + strings.Join(names, ", "), DefaultText: "required"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the new `FILE`", DefaultText: "required"},
			offlineFlag(), formatFlag(), quietFlag()),
		OnUsageError: wrongUsage, Action: modelQuantize,
	}
}

func modelQuantize(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if !c.IsSet("type") || !c.IsSet("out") {
		return usagef("model quantize needs --type and -o FILE, as in `llamaeval model quantize m.gguf --type Q8_0 -o m-Q8_0.gguf`")
	}
	to, err := quant.ParseTarget(c.String("type"))
	if err != nil {
		return usagef("--type: %v", err)
	}
	out := c.String("out")
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already: name another file, or remove it", out)
	}
	r, err := resolveNamed(c)
	if err != nil {
		return err
	}
	f, err := checkpoint.Open(r.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	notice(c)(fmt.Sprintf("writing %s as %v to %s", r.Name, to, out))
	if err := writeQuantized(c, f, to, out); err != nil {
		return err
	}
	return describeFile(out).Write(c.App.Writer, format)
}

// writeQuantized writes the file under another name first, so that out is
// whole or not there.
func writeQuantized(c *cli.Context, f *gguf.File, to quant.Type, out string) (err error) {
	part, err := os.CreateTemp(filepath.Dir(out), ".quantize-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(part.Name())
		}
	}()
	w := bufio.NewWriterSize(part, 1<<20)
	err = checkpoint.Quantize(c.Context, w, f, to)
	if err = errors.Join(err, w.Flush(), part.Chmod(0o644), part.Sync(), part.Close()); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return os.Rename(part.Name(), out)
}

func describeFile(path string) results.Table {
	hash, err := gguf.Hash(path)
	if err != nil {
		hash = oneLine(err.Error())
	}
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	return results.Table{
		Columns: []results.Column{{Name: "property"}, {Name: "value"}},
		Rows:    [][]string{{"path", path}, {"size", humanBytes(size)}, {"SHA-256", hash}},
		Value:   map[string]any{"path": path, "bytes": size, "hash": hash},
	}
}
