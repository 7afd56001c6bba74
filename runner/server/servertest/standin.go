package servertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/runner/server"
)

// A Standin serves a model as one kind of server does.
type Standin struct {
	Kind    string // of package server
	Model   *Model
	Name    string // of the model
	Context int
	Key     string // wanted in each request, if not empty
	Late    bool   // prompt log-probabilities are one token late, whatever the kind
	Silent  bool   // no tokenizer to ask
	Asked   atomic.Int64
}

// ServeHTTP implements http.Handler.
func (s *Standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Asked.Add(1)
	if s.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.Key {
		refuse(w, http.StatusUnauthorized, "Incorrect API key provided: "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		return
	}
	switch path := r.URL.Path; {
	case path == "/v1/models":
		reply(w, map[string]any{"object": "list", "data": []any{s.about()}})
	case path == "/v1/completions" && s.Kind != ChatOnly:
		s.complete(w, r)
	case path == "/v1/chat/completions" && s.Kind != server.TGI:
		s.chat(w, r)
	case path == "/generate" && s.Kind == server.TGI:
		s.prefill(w, r)
	case strings.HasSuffix(path, "tokenize") && !s.Silent:
		s.tokens(w, r)
	default:
		s.facts(w, path)
	}
}

// ChatOnly is a server with nothing but chat, as hosted ones are.
const ChatOnly = "chat only"

func (s *Standin) about() map[string]any {
	m := map[string]any{"id": s.Name, "object": "model", "owned_by": "somebody"}
	switch s.Kind {
	case server.VLLM:
		m["owned_by"], m["max_model_len"], m["root"] = "vllm", s.Context, "org/"+s.Name
	case server.SGLang:
		m["owned_by"], m["max_model_len"] = "sglang", s.Context
	case server.LlamaCpp:
		m["owned_by"] = "llamacpp"
	case server.LlamaCppP:
		m["owned_by"] = "me"
	}
	return m
}

// facts answers what each kind tells of itself.
func (s *Standin) facts(w http.ResponseWriter, path string) {
	switch {
	case path == "/version" && s.Kind == server.VLLM, path == "/server_info" && s.Kind == server.SGLang:
		reply(w, map[string]any{"version": "1.2.3"})
	case path == "/props" && s.Kind == server.LlamaCpp:
		bos, _ := s.Model.Tokenizer.BOS()
		eos, _ := s.Model.Tokenizer.EOS()
		reply(w, map[string]any{
			"build_info": "b1-abc", "bos_token": s.Model.Tokenizer.Token(bos), "eos_token": s.Model.Tokenizer.Token(eos),
			"default_generation_settings": map[string]any{"n_ctx": s.Context},
		})
	case path == "/info" && s.Kind == server.TGI:
		reply(w, map[string]any{"model_id": s.Name, "version": "3.0.0", "max_total_tokens": s.Context, "max_stop_sequences": 4})
	case path == "/openapi.json" && s.Kind == server.LlamaCppP:
		reply(w, map[string]any{"info": map[string]any{"title": "llama.cpp Python API", "version": "0.3.36"}})
	default:
		refuse(w, http.StatusNotFound, "Not Found")
	}
}

// tokens answers requests to turn text into tokens and back.
func (s *Standin) tokens(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Prompt, Content, Input, Inputs *string
		Tokens                         []int32
		Special                        bool `json:"add_special_tokens"`
		Add                            bool `json:"add_special"`
	}
	if !read(w, r, &q) {
		return
	}
	t := s.Model.Tokenizer
	encode := func(text string, bos bool) []int32 { return s.encode(text, bos) }
	switch kind, path := s.Kind, r.URL.Path; {
	case path == "/tokenize" && (kind == server.VLLM || kind == server.SGLang) && q.Prompt != nil:
		reply(w, map[string]any{"tokens": encode(*q.Prompt, q.Special)})
	case path == "/tokenize" && kind == server.LlamaCpp:
		text := ""
		if q.Content != nil {
			text = *q.Content
		}
		reply(w, map[string]any{"tokens": encode(text, q.Add)})
	case path == "/tokenize" && kind == server.TGI && q.Inputs != nil:
		list := []any{}
		for _, id := range encode(*q.Inputs, true) {
			list = append(list, map[string]any{"id": id, "text": t.Token(id)})
		}
		reply(w, list)
	case path == "/extras/tokenize" && kind == server.LlamaCppP && q.Input != nil:
		reply(w, map[string]any{"tokens": encode(*q.Input, true)})
	case path == "/detokenize" && (kind == server.VLLM || kind == server.SGLang):
		reply(w, map[string]any{"prompt": t.DecodeText(q.Tokens, false)})
	case path == "/detokenize" && kind == server.LlamaCpp:
		reply(w, map[string]any{"content": t.DecodeText(q.Tokens, false)})
	case path == "/extras/detokenize" && kind == server.LlamaCppP:
		reply(w, map[string]any{"text": t.DecodeText(q.Tokens, true)})
	default:
		refuse(w, http.StatusUnprocessableEntity, "validation error")
	}
}

// encode adds BOS as the model's tokenizer does.
func (s *Standin) encode(text string, bos bool) []int32 {
	ids := s.Model.Tokenizer.Encode(text, true)
	if id, ok := s.Model.Tokenizer.BOS(); ok && bos && s.Model.Tokenizer.AddBOS() {
		ids = append([]int32{id}, ids...)
	}
	return ids
}

func read(w http.ResponseWriter, r *http.Request, q any) bool {
	if err := json.NewDecoder(r.Body).Decode(q); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message}})
}

// prompt reads tokens or text, as the kind takes them.
func (s *Standin) prompt(w http.ResponseWriter, raw json.RawMessage) ([]int32, bool) {
	var text string
	var ids []int32
	switch {
	case json.Unmarshal(raw, &text) == nil:
		ids = s.encode(text, true)
	case s.Kind == server.LlamaCppP || s.Kind == server.TGI:
		refuse(w, http.StatusInternalServerError, "Input should be a valid string")
		return nil, false
	case json.Unmarshal(raw, &ids) != nil:
		refuse(w, http.StatusBadRequest, "no prompt")
		return nil, false
	}
	if len(ids) >= s.Context {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("This model's maximum context length is %d tokens, however you requested %d tokens", s.Context, len(ids)))
		return nil, false
	}
	return ids, true
}

func id(token int32) string { return strconv.Itoa(int(token)) }
