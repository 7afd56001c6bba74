package hf

import (
	"slices"
	"testing"
)

func TestWindows(t *testing.T) {
	number := func(n int) *int { return &n }
	yes, no := true, false
	for name, test := range map[string]struct {
		config config
		want   []int32 // the pattern; nil: no window, or on all layers
		window uint32
	}{
		"mistral":       {config{ModelType: "mistral", Window: number(9)}, nil, 9},
		"mistral, none": {config{ModelType: "mistral"}, nil, 0},
		"llama":         {config{ModelType: "llama", Window: number(9)}, nil, 0},
		"qwen2, unused": {config{ModelType: "qwen2", Window: number(9), UseWindow: &no, WindowsFrom: number(1)}, nil, 0},
		"qwen2":         {config{ModelType: "qwen2", Window: number(9), UseWindow: &yes, WindowsFrom: number(1)}, []int32{0, 1, 1}, 9},
		"qwen2, high":   {config{ModelType: "qwen2", Window: number(9), UseWindow: &yes}, nil, 0},
		"gemma2":        {config{ModelType: "gemma2", Window: number(9)}, []int32{1, 0, 1}, 9},
		"gemma3":        {config{ModelType: "gemma3_text", Window: number(9), WindowPattern: number(3)}, []int32{1, 1, 0}, 9},
		"listed":        {config{ModelType: "gemma3_text", Window: number(9), LayerTypes: []string{"full_attention", "sliding_attention", "full_attention"}}, []int32{0, 1, 0}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Layers = 3
			got := map[string]any{}
			if err := test.config.windowMetadata(families[test.config.ModelType], func(k string, v any) { got[k] = v }); err != nil {
				t.Fatal(err)
			}
			window, _ := got["attention.sliding_window"].(uint32)
			pattern, _ := got["attention.sliding_window_pattern"].([]int32)
			if window != test.window || !slices.Equal(pattern, test.want) {
				t.Errorf("window %d on %v, want %d on %v", window, pattern, test.window, test.want)
			}
		})
	}
}
