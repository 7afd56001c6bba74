package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Kinds of servers. A kind decides how sampling is kept plain and which way
// of scoring is tried first, never what a server is trusted with.
const (
	VLLM      = "vLLM"
	SGLang    = "SGLang"
	LlamaCpp  = "llama.cpp"
	LlamaCppP = "llama-cpp-python"
	TGI       = "TGI"
	OtherKind = "OpenAI API"
)

// probeTries is how often a question is put whose answer may well be no; a
// server under load answers the second time.
const probeTries = 2

// identify asks for the model's name and context, and what serves it.
func (s *Server) identify(ctx context.Context) error {
	var list struct {
		Data []struct {
			ID      string `json:"id"`
			OwnedBy string `json:"owned_by"`
			Root    string `json:"root"`          // vLLM: the checkpoint
			Context int    `json:"max_model_len"` // vLLM, SGLang
		} `json:"data"`
	}
	err := s.client.pacer.do(ctx, 3, func() error { return s.client.try(ctx, s.Address.api("/models"), nil, &list) })
	if err != nil && !refused(err) {
		return fmt.Errorf("no server answers: %w: is it running, and is the address right?", err)
	}
	if status := (*statusError)(nil); errors.As(err, &status) && (status.code == 401 || status.code == 403) {
		return err
	}
	var names []string
	owner, found := "", false
	for _, m := range list.Data {
		names = append(names, m.ID)
		if s.Model == m.ID || s.Model == "" && len(list.Data) == 1 {
			s.Model, owner, s.Root, s.Context, found = m.ID, m.OwnedBy, m.Root, m.Context, true
		}
	}
	switch {
	case s.Model == "" && len(names) == 0:
		return fmt.Errorf("%s does not name its model: say which behind #", s.Address)
	case s.Model == "":
		return fmt.Errorf("%s has %d models: say which behind #: %s", s.Address, len(names), strings.Join(names, ", "))
	case !found && len(names) > 0:
		return fmt.Errorf("%s has no model %q: it has %s", s.Address, s.Model, strings.Join(names, ", "))
	}
	s.findKind(ctx, owner)
	if s.client.o.Context > 0 {
		s.Context = s.client.o.Context
	}
	if s.Context == 0 {
		s.Context = s.overflow(ctx)
	}
	return nil
}

// findKind tells servers apart by the owner they name for a model, and by
// what else they answer.
func (s *Server) findKind(ctx context.Context, owner string) {
	s.Kind = OtherKind
	own := func(path string, out any) bool { return s.client.try(ctx, s.Address.own(path), nil, out) == nil }
	switch owner {
	case "vllm":
		var v struct{ Version string }
		own("/version", &v)
		s.Kind, s.Version = VLLM, v.Version
		return
	case "sglang":
		var v struct{ Version string }
		if !own("/server_info", &v) || v.Version == "" {
			own("/get_server_info", &v)
		}
		s.Kind, s.Version = SGLang, v.Version
		return
	case "llamacpp":
		s.Kind = LlamaCpp
		s.props(ctx)
		return
	}
	var info struct {
		Version string `json:"version"`
		Total   int    `json:"max_total_tokens"`
		Stops   int    `json:"max_stop_sequences"`
	}
	if own("/info", &info) && info.Total > 0 {
		s.Kind, s.Version, s.Context = TGI, info.Version, info.Total
		if info.Stops > 0 {
			s.maxStops = info.Stops
		}
		return
	}
	var doc struct {
		Info struct{ Title, Version string }
	}
	if own("/openapi.json", &doc) && strings.Contains(doc.Info.Title, "llama.cpp Python") {
		s.Kind, s.Version = LlamaCppP, doc.Info.Version
	}
}

// props asks llama.cpp for what it holds.
func (s *Server) props(ctx context.Context) {
	var p struct {
		Build    string          `json:"build_info"`
		BOS      string          `json:"bos_token"`
		EOS      string          `json:"eos_token"`
		Settings json.RawMessage `json:"default_generation_settings"`
	}
	if s.client.try(ctx, s.Address.own("/props"), nil, &p) != nil {
		return
	}
	var settings struct {
		Context int `json:"n_ctx"` // of one slot
	}
	json.Unmarshal(p.Settings, &settings) // absent in older ones
	s.Version, s.bosName, s.eosName = p.Build, p.BOS, p.EOS
	if settings.Context > 0 {
		s.Context = settings.Context
	}
}

var contextIn = regexp.MustCompile(`(?i)(?:context (?:length|window|size)[^0-9]{0,40})(\d+)`)

// overflow finds the context length of a server that does not say it, by a
// prompt that no context holds: the refusal names the limit. 0: not known.
func (s *Server) overflow(ctx context.Context) int {
	if s.Kind != LlamaCppP {
		return 0
	}
	var out completion
	err := s.client.try(ctx, s.Address.api("/completions"), map[string]any{"model": s.Model, "prompt": strings.Repeat(" a", 300_000), "max_tokens": 1}, &out)
	var status *statusError
	if errors.As(err, &status) {
		if m := contextIn.FindStringSubmatch(status.message); m != nil {
			n, _ := strconv.Atoi(m[1])
			return n
		}
	}
	return 0
}
