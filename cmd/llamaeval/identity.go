package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
)

// binaryHash hashes the program's own file meanwhile; empty where that cannot
// be read.
func binaryHash() func() string {
	hash := sync.OnceValue(func() string {
		path, err := os.Executable()
		if err != nil {
			return ""
		}
		f, err := os.Open(path)
		if err != nil {
			return ""
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return ""
		}
		return hex.EncodeToString(h.Sum(nil))
	})
	go hash()
	return hash
}

// safeCommand is a command line as results may keep it.
func safeCommand(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if ok && strings.HasPrefix(arg, "-") {
			out[i] = name + "=" + withoutSecrets(value)
		} else {
			out[i] = withoutSecrets(arg)
		}
	}
	return out
}

// withoutSecrets takes user, password and query out of an address.
func withoutSecrets(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "an address that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
