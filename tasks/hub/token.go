package hub

import (
	"os"
	"path/filepath"
	"strings"
)

// Token returns the user's access token: HF_TOKEN, else the first line of the
// file "token" in HF_HOME (default ~/.cache/huggingface), else "".
func Token() string {
	if token := strings.TrimSpace(os.Getenv("HF_TOKEN")); token != "" {
		return token
	}
	home := os.Getenv("HF_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		home = filepath.Join(user, ".cache", "huggingface")
	}
	text, err := os.ReadFile(filepath.Join(home, "token"))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(line)
}
