package model_test

import (
	"testing"

	"github.com/llamaeval/llamaeval/model"
)

func newKV(t testing.TB, m *model.Model, pages int) *model.KV {
	t.Helper()
	kv, err := m.NewKV(pages)
	if err != nil {
		t.Fatal(err)
	}
	return kv
}
