package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

//go:embed page
var page embed.FS

// scripts are the parts of the page's script, in order.
var scripts = []string{"dom.js", "data.js", "overview.js", "filter.js", "list.js", "tokens.js", "why.js", "detail.js", "main.js"}

func asset(name string) string {
	data, err := page.ReadFile("page/" + name)
	if err != nil {
		panic(err) // built without it
	}
	return string(data)
}

func script() string {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range scripts {
		b.WriteString(asset(name))
	}
	b.WriteString("})();\n")
	return b.String()
}

// writeStart writes the page up to its first block of data. The policy names
// script and style by their hashes: whatever else found its way in would not
// run, and nothing is fetched from anywhere.
func writeStart(w io.Writer, h head) error {
	js, css := script(), asset("page.css")
	policy := fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'", sourceHash(js), sourceHash(css))
	data, err := json.Marshal(h) // escapes <, > and &
	if err != nil {
		return err
	}
	text := strings.NewReplacer(
		"{{policy}}", policy,
		"{{style}}", "<style>"+css+"</style>",
		"{{head}}", "<script type=\"application/json\" id=\"head\">"+string(data)+"</script>",
		"{{script}}", "<script>"+js+"</script>",
	).Replace(asset("page.html"))
	_, err = io.WriteString(w, text)
	return err
}

func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
