package tasks

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed newtask
var newTask embed.FS

var newName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// WriteNew writes a working task file, with comments, and a small CSV file for
// it into dir. Files that exist are never touched. It returns both paths.
func WriteNew(dir, name string) (paths []string, err error) {
	if !newName.MatchString(name) {
		return nil, fmt.Errorf("%.100q cannot name a task: use letters, digits, '.', '_' and '-', a letter or digit first", name)
	}
	extensions := []string{".yaml", ".csv"}
	for _, extension := range extensions {
		path := filepath.Join(dir, name+extension)
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("%s exists and is left as it is: choose another name", path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		paths = append(paths, path)
	}
	for i, extension := range extensions {
		text, err := newTask.ReadFile("newtask/task" + extension)
		if err != nil {
			return nil, err
		}
		if err := writeNewFile(paths[i], strings.ReplaceAll(string(text), "NAME", name)); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

func writeNewFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
