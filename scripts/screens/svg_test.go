package main

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestDrawn(t *testing.T) {
	got := drawn([]string{"$ llamaeval run \\", "    --task piqa", "", "a < b", "  │ x"})
	var v struct {
		Texts []struct {
			Class string `xml:"class,attr"`
			X     string `xml:"x,attr"`
			Text  string `xml:",chardata"`
		} `xml:"text"`
	}
	if err := xml.Unmarshal(got, &v); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, x := range v.Texts {
		all = append(all, x.Class+"|"+x.X+"|"+x.Text)
	}
	want := `t|16.0|$ llamaeval run \ t|49.6|--task piqa |16.0|a < b |32.8|│ x`
	if s := strings.Join(all, " "); s != want {
		t.Errorf("%s, want %s", s, want)
	}
}
