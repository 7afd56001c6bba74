package sample

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// driver runs all tasks in one process, since starting Python takes longer than they do, and prints one line a complaint.
const driver = `
import doctest, json, sys

def passes(task, body):
    scope = {"__name__": "sample"}
    exec(task["prompt"] + body + task["test"], scope)
    try:
        scope["check"](scope[task["entry_point"]])
    except AssertionError:
        return False, scope
    return True, scope

for task in json.load(sys.stdin):
    ok, scope = passes(task, task["canonical_solution"])
    if not ok:
        print(task["task_id"], "the solution fails its tests")
    function = scope[task["entry_point"]]
    runner = doctest.DocTestRunner()
    for examples in doctest.DocTestFinder().find(function, task["entry_point"], module=False, globs=scope):
        runner.run(examples)
    if runner.summarize().attempted == 0:
        print(task["task_id"], "the docstring has no example")
    for body in "    pass\n", "    return None\n":
        if passes(task, body)[0]:
            print(task["task_id"], "passes with", body.strip())
`

// TestHumanEvalSolutions runs every task's tests and docstring examples: the solution must pass both, and a function that does nothing must fail
// the tests.
func TestHumanEvalSolutions(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is absent: the sample's HumanEval solutions were NOT run; install python3 to run them")
	}
	tasks := docs[map[string]string](t, "openai/openai_humaneval", "openai_humaneval", "test")
	if len(tasks) < 20 {
		t.Errorf("%d tasks, want at least 20", len(tasks))
	}
	for _, d := range tasks {
		if !strings.Contains(d["prompt"], "def "+d["entry_point"]+"(") || !strings.Contains(d["test"], "METADATA = {") {
			t.Errorf("%s lacks the signature of its entry point or the METADATA of its test", d["task_id"])
		}
	}
	input, err := json.Marshal(tasks)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-I", "-c", driver)
	cmd.Stdin = bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
