package tasks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// Expected texts come from the harness's own function.
func TestWikitextText(t *testing.T) {
	for _, c := range []struct{ page, want string }{
		{"the dogs ' tails , it 's @-@ well @,@ known : 5 @.@ 5 ( a ( b ) c ] [ \u00a0x ] { } \" q \" ' z ' 5 \u00b0 N of\n = = Head = = \n text ( open",
			"the dogs'tails, it's-well,known: 5.5 (a ( b) c ] [x] {} \"q\" 'z' 5\u00b0N of\n== Head ==\ntext ( open"},
		{"= = = = a = = = ( ) /' 5/ \"  \" ' ", "==== a === () /'[0-9]/ \"\"' "},
		{"a ) ( b \n c ] [\t d\n] {e } f ; g ! h ? i", "a ) ( b\nc ] [d] {e} f; g! h? i"},
	} {
		if got, err := wikitextText(py.DictOf("page", c.page)); err != nil || got != c.want {
			t.Errorf("%q\ngot  %q, %v\nwant %q", c.page, got, err, c.want)
		}
	}
	if _, err := wikitextText(py.DictOf("text", "")); err == nil {
		t.Error("a document without a page is no error")
	}
}

// All articles of the mirror, against a hash over what the harness makes of them.
func TestWikitextOnData(t *testing.T) {
	store, err := dataset.NewStore(dataset.Options{Hub: filepath.Join(sharedtest.Dir(t), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Load(context.Background(), dataset.Ref{Path: "EleutherAI/wikitext_document_level", Config: "wikitext-2-raw-v1"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, doc := range s.Docs {
		text, err := wikitextText(doc)
		if err != nil {
			t.Fatal(err)
		}
		h.Write([]byte(text.(string) + "\x00"))
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != "ababf97b98cdcd39e0cd7d831125e038778ff579ac8c1eaa73cbe1df6ec981dd" {
		t.Errorf("hash %s over %d articles", got, len(s.Docs))
	}
}
