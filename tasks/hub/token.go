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
	file := tokenFile()
	if file == "" {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(line)
}

func tokenFile() string {
	home := os.Getenv("HF_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		home = filepath.Join(user, ".cache", "huggingface")
	}
	return filepath.Join(home, "token")
}

// IsToken says whether a file is the one that Token reads.
func IsToken(file os.FileInfo) bool {
	own, err := os.Stat(tokenFile())
	return err == nil && os.SameFile(own, file)
}
