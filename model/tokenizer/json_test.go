package tokenizer

import (
	"slices"
	"strings"
	"testing"
)

func TestFromJSON(t *testing.T) {
	tok, err := FromJSON([]byte(tinyJSON), Config{EOS: "<unk>"})
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.Encode("a ab <s>", true); !slices.Equal(got, []int32{3, 3, 4, 5}) {
		t.Errorf("ids %v", got)
	}
	bos, _ := tok.BOS()
	eos, _ := tok.EOS()
	if bos != 5 || eos != 0 || !tok.AddBOS() || !tok.IsSpecial(5) || tok.VocabSize() != 6 {
		t.Errorf("bos %d, eos %d, add %v, size %d", bos, eos, tok.AddBOS(), tok.VocabSize())
	}
	off := false
	without, err := FromJSON([]byte(tinyJSON), Config{AddBOS: &off})
	if err != nil || without.AddBOS() || without.Hash() == tok.Hash() || len(tok.Hash()) != 64 {
		t.Errorf("add %v, hashes %s and %s (%v)", without.AddBOS(), tok.Hash(), without.Hash(), err)
	}
}

const grows = `{"type":"Replace","pattern":{"String":"x"},"content":"xxxxxxxxxx"}`

func TestFromJSONRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":            {tinyJSON, "{", "unexpected end"},
		"unigram":            {`"type":"BPE"`, `"type":"Unigram"`, `type "Unigram", only BPE is read; use a checkpoint`},
		"WordPiece":          {`"type":"BPE"`, `"type":"WordPiece"`, `type "WordPiece"`},
		"old unigram":        {`"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,"▁":1,"a":2,"▁a":3,"<0x62>":4}`, `"vocab":[["a",0]]`, `type "Unigram"`},
		"no vocabulary":      {`"vocab":{"<unk>":0,"▁":1,"a":2,"▁a":3,"<0x62>":4}`, `"x":0`, "model.vocab is absent"},
		"dropout":            {`"fuse_unk":true`, `"dropout":0.1`, "model.dropout is 0.1"},
		"suffix":             {`"fuse_unk":true`, `"end_of_word_suffix":"</w>"`, "end_of_word_suffix"},
		"prefix":             {`"fuse_unk":true`, `"continuing_subword_prefix":"##"`, "continuing_subword_prefix"},
		"unknown's name":     {`"unk_token":"<unk>"`, `"unk_token":"?"`, `model.unk_token "?" is not in`},
		"merge of nothing":   {`["▁ a"]`, `["a b"]`, `merge 0, "a b"`},
		"id twice":           {`"a":2`, `"a":1`, "have the same id 1"},
		"negative id":        {`"a":2`, `"a":-2`, "has the id -2"},
		"added over another": {`"id":5`, `"id":2`, `has the id of the token "a"`},
		"added too far":      {`"id":5`, `"id":99999`, "has the id 99999"},
		"added empty":        {`"content":"<s>"`, `"content":""`, "is empty"},
		"charsmap":           {`{"type":"NFC"}`, `{"type":"Precompiled","precompiled_charsmap":"AA=="}`, `normalizer "Precompiled" is not supported`},
		"bad expression":     {`[^a]{1,3}`, `(?<n>a)\\k<n>`, "(?<n>a)"},
		"behavior":           {`MergedWithNext`, `Sideways`, `behavior "Sideways"`},
		"step":               {`"type":"Split"`, `"type":"BertPreTokenizer"`, `step "BertPreTokenizer" is not supported`},
		"tail":               {`{"Sequence":{"id":"A"}}]`, `{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"<s>"}}]`, `adds "<s>", only one token in front`},
		"processor":          {`"TemplateProcessing"`, `"BertProcessing"`, `post_processor "BertProcessing"`},
		"decoder":            {`{"type":"Fuse"}`, `{"type":"CTC"}`, `decoder "CTC"`},
		"Metaspace of two":   {`"type":"Split"`, `"type":"Metaspace","replacement":"  "`, `replacement "  ", want one character`},
		"long prefix":        {`{"type":"NFC"}`, `{"type":"Prepend","prepend":"` + strings.Repeat("x", 65) + `"}`, "Prepend writes 65 bytes"},
		"growth of growth":   {`{"type":"NFC"}`, `{"type":"Sequence","normalizers":[` + grows + `,` + grows + `,` + grows + `]}`, "more than 64 times as long"},
		"growth by nothing":  {`{"type":"NFC"}`, `{"type":"Replace","pattern":{"Regex":"x*"},"content":"` + strings.Repeat("x", 64) + `"}`, "more than 64 times as long"},
		"many parts":         {`{"type":"NFC"}`, `{"type":"Sequence","normalizers":[` + strings.Repeat(`{"type":"NFC"},`, 64) + `{"type":"NFC"}]}`, "more than 64 parts"},
		"long added token":   {`"content":"<s>"`, `"content":"` + strings.Repeat("s", 1025) + `"`, "is 1025 bytes long, at most 1024"},
		"BOS too far":        {`"ids":[5]`, `"ids":[6]`, "token 6 of 6"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(tinyJSON, c.old) {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := FromJSON([]byte(strings.Replace(tinyJSON, c.old, c.new, 1)), Config{})
			if err == nil {
				t.Fatal("accepted")
			}
			if s := err.Error(); !strings.Contains(s, c.want) || !strings.HasPrefix(s, "tokenizer.json: ") || strings.Contains(s, "\n") {
				t.Errorf("error %q, want %q in it", s, c.want)
			}
		})
	}
	if _, err := FromJSON([]byte(tinyJSON), Config{BOS: "<x>"}); err == nil || !strings.Contains(err.Error(), `"<x>"`) {
		t.Errorf("BOS that is no token: %v", err)
	}
}

func TestReadConfig(t *testing.T) {
	c, err := ReadConfig([]byte(`{"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","pad_token":null,"add_bos_token":true,
		"legacy":false,"added_tokens_decoder":{"7":{"content":"x","special":true},"3":{"content":"y","lstrip":true}},
		"chat_template":[{"name":"tool_use","template":"a"},{"name":"default","template":"b"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Added{{ID: 3, Content: "y", LStrip: true}, {ID: 7, Content: "x", Special: true}}
	if c.BOS != "<s>" || c.EOS != "</s>" || !*c.AddBOS || !c.PrefixFirstOnly || c.ChatTemplate != "b" || !slices.Equal(c.Added, want) {
		t.Errorf("got %+v", c)
	}
	if c, err := ReadConfig([]byte(`{"bos_token":null,"chat_template":"t"}`)); err != nil || c.BOS != "" || c.AddBOS != nil || c.ChatTemplate != "t" {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := ReadConfig([]byte(`{"added_tokens_decoder":{"x":{}}}`)); err == nil {
		t.Error("an id that is no number was accepted")
	}
}
