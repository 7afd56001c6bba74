package tokenizer

import (
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// Config is what stands beside tokenizer.json or tokenizer.model: the names of
// tokens with a part to play and how text is begun. The zero value says
// nothing.
type Config struct {
	BOS, EOS, EOT string // names, "" where it is not said
	// BOSID and EOSID are of config.json: they count where nothing else says
	// which token it is. Negative ones, and those outside the vocabulary, say
	// nothing.
	BOSID, EOSID *int32
	// Ends are all tokens that end generated text (generation_config.json).
	Ends         []int32
	AddBOS       *bool  // nil where it is not said
	ChatTemplate string // Jinja
	// Added are tokens beside those of a tokenizer.model; tokenizer.json has
	// its own.
	Added []Added
	// PrefixFirstOnly: no blank is put in front of what stands behind special
	// tokens ("legacy": false); for tokenizer.model.
	PrefixFirstOnly bool
}

// ReadConfig reads a tokenizer_config.json.
func ReadConfig(data []byte) (Config, error) {
	var in struct {
		BOS      tokenName       `json:"bos_token"`
		EOS      tokenName       `json:"eos_token"`
		AddBOS   *bool           `json:"add_bos_token"`
		Legacy   *bool           `json:"legacy"`
		Template json.RawMessage `json:"chat_template"`
		Added    map[string]struct {
			addedJSON
		} `json:"added_tokens_decoder"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return Config{}, fmt.Errorf("tokenizer_config.json: %w", quote.Error(err))
	}
	c := Config{BOS: string(in.BOS), EOS: string(in.EOS), AddBOS: in.AddBOS}
	c.PrefixFirstOnly = in.Legacy != nil && !*in.Legacy
	c.ChatTemplate, _ = defaultTemplate(in.Template) // who asks for one is told
	for key, a := range in.Added {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil || id < 0 {
			return Config{}, fmt.Errorf("tokenizer_config.json: added_tokens_decoder has the id %.20q", key)
		}
		a.ID = id
		c.Added = append(c.Added, a.added())
	}
	slices.SortFunc(c.Added, func(a, b Added) int { return int(a.ID) - int(b.ID) })
	return c, nil
}

// Template returns the chat template of a tokenizer_config.json: a text, or the
// one named default of several; "" where there is none.
func Template(data []byte) (string, error) {
	var config struct {
		Template json.RawMessage `json:"chat_template"`
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return "", quote.Error(err)
	}
	return defaultTemplate(config.Template)
}

func defaultTemplate(raw json.RawMessage) (string, error) {
	var one string
	if len(raw) == 0 || json.Unmarshal(raw, &one) == nil {
		return one, nil
	}
	var several []struct{ Name, Template string }
	if json.Unmarshal(raw, &several) != nil {
		return "", fmt.Errorf("chat_template is neither a text nor a list of named templates")
	}
	for _, t := range several {
		if t.Name == "default" {
			return t.Template, nil
		}
	}
	return "", fmt.Errorf("none of its %d chat templates is named default", len(several))
}

// tokenName is a token's name, alone or as the content of an object.
type tokenName string

func (n *tokenName) UnmarshalJSON(b []byte) error {
	var object struct{ Content string }
	if json.Unmarshal(b, &object) == nil {
		*n = tokenName(object.Content)
		return nil
	}
	return json.Unmarshal(b, (*string)(n))
}

// addedJSON is an entry of added_tokens.
type addedJSON struct {
	ID         int64  `json:"id"`
	Content    string `json:"content"`
	Special    bool   `json:"special"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	SingleWord bool   `json:"single_word"`
	Normalized bool   `json:"normalized"`
}

func (a addedJSON) added() Added {
	return Added{int32(a.ID), a.Content, a.Special, a.LStrip, a.RStrip, a.SingleWord, a.Normalized}
}

// apply completes a vocabulary by what c says.
func (c Config) apply(v *Vocabulary) error {
	if err := v.place(c.Added); err != nil {
		return err
	}
	for _, name := range []struct {
		text string
		id   *int32
	}{{c.BOS, &v.BOS}, {c.EOS, &v.EOS}, {c.EOT, &v.EOT}} {
		if name.text == "" {
			continue
		}
		id := slices.Index(v.Tokens, name.text)
		if id < 0 {
			return fmt.Errorf("tokenizer_config.json names the token %.60q, which is not in the vocabulary", name.text)
		}
		*name.id = int32(id)
	}
	within := func(id int32) bool { return id >= 0 && int(id) < len(v.Tokens) }
	for _, number := range []struct{ from, id *int32 }{{c.BOSID, &v.BOS}, {c.EOSID, &v.EOS}} {
		if *number.id < 0 && number.from != nil && within(*number.from) {
			*number.id = *number.from
		}
	}
	v.Ends = slices.DeleteFunc(slices.Clone(c.Ends), func(id int32) bool { return !within(id) })
	if c.AddBOS != nil {
		v.AddBOS = c.AddBOS
	}
	if c.ChatTemplate != "" {
		v.ChatTemplate = c.ChatTemplate
	}
	return nil
}

// mostHoles bounds how many ids may be unused.
const mostHoles = 1 << 16

// place enters added tokens at their ids.
func (v *Vocabulary) place(added []Added) error {
	for _, a := range added {
		switch {
		case a.Content == "":
			return fmt.Errorf("the added token %d is empty", a.ID)
		case a.ID < 0 || int(a.ID) > len(v.Tokens)+mostHoles:
			return fmt.Errorf("the added token %.60q has the id %d, the vocabulary %d tokens", a.Content, a.ID, len(v.Tokens))
		}
		for int(a.ID) >= len(v.Tokens) {
			v.Tokens, v.Kinds = append(v.Tokens, ""), append(v.Kinds, Unused)
		}
		if was := v.Tokens[a.ID]; was != "" && was != a.Content {
			return fmt.Errorf("the added token %.60q has the id of the token %.60q", a.Content, was)
		}
		v.Tokens[a.ID] = a.Content
		if v.Kinds[a.ID] != Unknown {
			v.Kinds[a.ID] = UserDefined
			if a.Special {
				v.Kinds[a.ID] = Control
			}
		}
	}
	return nil
}

// mix adds to a hash what c and the tokens with a part decide.
func (c Config) mix(h hash.Hash, t *Tokenizer) []byte {
	v := &t.vocabulary
	fmt.Fprintf(h, "%d %d %d %v %t %t %+v", v.BOS, v.EOS, v.EOT, v.Ends, t.addBOS, c.PrefixFirstOnly, c.Added)
	return h.Sum(nil)
}
