package objects

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for address, want := range map[string]string{
		"s3://b":                     "s3://b",
		"s3://b/":                    "s3://b",
		"s3://b/x//y/../z/":          "s3://b/x/z",
		"s3://b/../x":                "s3://b/x",
		"azblob://b/x":               "azblob://b/x",
		"s3://key:hidden@b/x":        "an address has a bucket and a prefix, nothing else",
		"s3://b/x?secret_key=hidden": "endpoint and credentials belong in the environment",
		"s3://b/x#hidden":            "nothing else",
		"s3://127.0.0.1:8333/b":      "not an address of an object store",
		"s3:///x":                    "not an address of an object store",
		"ftp://b/x":                  "not an address of an object store",
		"s3://b/%zz?hidden":          "not an address of an object store",
	} {
		p, err := Parse(address)
		got := p.String()
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) || strings.Contains(got, "hidden") {
			t.Errorf("%s: %s", address, got)
		}
	}
	p, _ := Parse("s3://b/x")
	if got := p.Child("y/z").String(); got != "s3://b/x/y/z" {
		t.Error(got)
	}
	for place, want := range map[string]bool{"s3://b": true, "results/a": false, "C:\\results": false, "http://x": false} {
		if Is(place) != want {
			t.Error(place)
		}
	}
}
