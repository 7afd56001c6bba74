package tasks

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// builtinDir is where our own task files live, in this package and in
// messages.
const builtinDir = "builtin/"

//go:embed builtin
var embedded embed.FS

// builtinFiles returns our own files by name. The subjects of MMLU differ in
// one word and the tasks of BIG-Bench Hard in one sentence, so their files are
// written from a template each.
var builtinFiles = sync.OnceValue(func() map[string][]byte {
	files := map[string][]byte{}
	err := fs.WalkDir(embedded, "builtin", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files[name], err = embedded.ReadFile(name)
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("the embedded task files cannot be read: %v", err)) // a broken binary
	}
	template := string(files[builtinDir+"bbh/task.template"])
	for name, description := range bbhDescriptions {
		text := strings.NewReplacer("DESCRIPTION", py.JSON(description+"\n\n", -1), "NAME", name).Replace(template)
		files[builtinDir+"bbh/bbh_"+name+".yaml"] = []byte(text)
	}
	template = string(files[builtinDir+"mmlu/subject.template"])
	for category, subjects := range mmluSubjects {
		for _, subject := range strings.Fields(subjects) {
			text := strings.NewReplacer(
				"SUBJECT_IN_WORDS", strings.ReplaceAll(subject, "_", " "),
				"SUBJECT", subject,
				"CATEGORY", category,
			).Replace(template)
			files[builtinDir+"mmlu/mmlu_"+subject+".yaml"] = []byte(text)
		}
	}
	return files
})
