// Package peer runs the Python packages that tests compare with.
package peer

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// Python runs a script with the interpreter that LLAMAEVAL_PYTHON names (make
// sets it; scripts/requirements.txt says what it has) and returns what it
// prints. Without one the test is skipped, in CI it fails.
func Python(t *testing.T, script string, stdin []byte, args ...string) []byte {
	t.Helper()
	python := os.Getenv("LLAMAEVAL_PYTHON")
	if python == "" {
		if os.Getenv("LLAMAEVAL_REQUIRE_SHARED") != "" {
			t.Fatal("LLAMAEVAL_PYTHON is not set")
		}
		t.Skip("LLAMAEVAL_PYTHON is not set")
	}
	cmd := exec.Command(python, append([]string{"-c", script}, args...)...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	return out
}
