package tokenizer

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/llamaeval/llamaeval/internal/bounded"
	"github.com/llamaeval/llamaeval/model/tokenizer/onig"
)

// tinyJSON is a tokenizer.json with one of many things.
const tinyJSON = `{"added_tokens":[{"id":5,"content":"<s>","special":true,"lstrip":true}],
"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"▁"},
{"type":"Replace","pattern":{"String":" "},"content":"▁"},{"type":"Replace","pattern":{"Regex":"x+"},"content":"y"}]},
"pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\s+(?!\\S)|[^a]{1,3}"},"behavior":"MergedWithNext","invert":false},
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[5]}}},
"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]},
"model":{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,"▁":1,"a":2,"▁a":3,"<0x62>":4},"merges":["▁ a"]}}`

func FuzzFromJSON(f *testing.F) {
	f.Add([]byte(tinyJSON), " aa b")
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":4000000000},"merges":[["a","a"]]}}`), "a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		bounded.Run(t, 256<<20, func() {
			tok, err := FromJSON(data, Config{})
			if err != nil {
				bounded.Error(t, err)
				return
			}
			exercise(t, tok, text)
		})
	})
}

// tinyModel is a tokenizer.model of pieces with falling scores.
func tinyModel(pieces ...string) []byte {
	var out []byte
	for i, p := range pieces {
		kind := byte(Normal)
		if i == 0 {
			kind = byte(Unknown)
		}
		body := append([]byte{0x0a, byte(len(p))}, p...)
		body = append(body, 0x15, 0, 0, byte(0x80+i), 0xc0, 0x18, kind)
		out = append(append(out, 0x0a, byte(len(body))), body...)
	}
	return append(out, 0x12, 2, 0x18, 2) // model_type: bpe
}

func FuzzFromSentencePiece(f *testing.F) {
	f.Add(tinyModel("<unk>", "a", blankMark, blankMark+"a", "aa"), " aa b")
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0a}, "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		bounded.Run(t, 256<<20, func() {
			tok, err := FromSentencePiece(data, Config{})
			if err != nil {
				bounded.Error(t, err)
				return
			}
			exercise(t, tok, text)
		})
	})
}

func exercise(t *testing.T, tok *Tokenizer, text string) {
	for _, special := range []bool{true, false} {
		ids := tok.Encode(text, special)
		for _, id := range ids {
			if id < 0 || int(id) >= tok.VocabSize() {
				t.Fatalf("id %d of %d", id, tok.VocabSize())
			}
		}
		tok.DecodeText(ids, special)
	}
	checkCuts(t, tok, text, true)
}

func FuzzRegexp(f *testing.F) {
	for _, s := range schemes {
		for _, step := range s.steps {
			if s, ok := step.(split); ok {
				f.Add(s.expr, "It's 12 o'clock,\n ok?")
			}
		}
	}
	f.Add(`(?:a|aa)+$|(?<=x)(?>b*)`, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Fuzz(func(t *testing.T, expr, text string) {
		bounded.Run(t, 256<<20, func() {
			re, err := onig.Compile(expr)
			if err != nil {
				bounded.Error(t, err)
				return
			}
			if len(text) > 2000 {
				return
			}
			last := 0
			re.All(text, func(start, end int) {
				if start < last || end < start || end > len(text) {
					t.Fatalf("match from %d to %d after %d", start, end, last)
				}
				last = end
			})
		})
	})
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(`{"bos_token":{"content":"<s>"},"eos_token":"</s>","add_bos_token":true,"added_tokens_decoder":{"5":{"content":"x"}},"chat_template":[{"name":"default","template":"t"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 64<<20, func() {
			_, err := ReadConfig(data)
			_, err2 := Template(data)
			for _, err := range []error{err, err2} {
				if err != nil {
					bounded.Error(t, err)
				}
			}
		})
	})
}

// A small file must not make the reader take much memory.
func TestHostileSizes(t *testing.T) {
	huge := []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	far, _ := json.Marshal(map[string]any{"model": map[string]any{"type": "BPE", "vocab": map[string]int{"a": 1 << 31}, "merges": []string{}}})
	added := []byte(`{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":[{"id":2000000000,"content":"x"}]}`)
	repeats := []byte(`{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"((((a{1000}){1000}){1000}){1000}){1000}"},"behavior":"Isolated"}}`)
	deep := append(bytes.Repeat([]byte("("), 60000), 'a')
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, read := range map[string]func() error{
		"piece longer than the file": func() error { _, err := FromSentencePiece(huge, Config{}); return err },
		"id far off":                 func() error { _, err := FromJSON(far, Config{}); return err },
		"added token far off":        func() error { _, err := FromJSON(added, Config{}); return err },
		"repetitions of repetitions": func() error { _, err := FromJSON(repeats, Config{}); return err },
		"groups in groups":           func() error { _, err := onig.Compile(string(deep)); return err },
	} {
		if err := read(); err == nil || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("%d MB were allocated", got>>20)
	}
}
