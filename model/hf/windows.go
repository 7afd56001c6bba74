package hf

import "fmt"

// windowMetadata says which layers have the window of the file, if any has.
func (c *config) windowMetadata(f family, set func(string, any)) error {
	if c.Window == nil || *c.Window <= 0 || f.windows == nil {
		return nil
	}
	which, err := f.windows(c)
	if err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	var numbers []int32
	some, all := false, true
	for _, has := range which {
		n := int32(0)
		if has {
			n = 1
		}
		numbers = append(numbers, n)
		some, all = some || has, all && has
	}
	if !some {
		return nil
	}
	set("attention.sliding_window", uint32(*c.Window))
	if !all {
		set("attention.sliding_window_pattern", numbers)
	}
	return nil
}

// everywhere: all layers have the window.
func everywhere(c *config) ([]bool, error) {
	return c.layers(func(int) bool { return true }), nil
}

// above: where it is used at all, the layers from max_window_layers on have it.
func above(c *config) ([]bool, error) {
	if c.UseWindow == nil || !*c.UseWindow {
		return nil, nil
	}
	from := 28 // transformers' default
	if c.WindowsFrom != nil {
		from = *c.WindowsFrom
	}
	return c.listed(func(i int) bool { return i >= from })
}

// butEvery: of so many layers the last does not have it.
func butEvery(n int) func(c *config) ([]bool, error) {
	return func(c *config) ([]bool, error) {
		every := n
		if c.WindowPattern != nil && *c.WindowPattern > 0 {
			every = *c.WindowPattern
		}
		return c.listed(func(i int) bool { return (i+1)%every != 0 })
	}
}

// listed is what layer_types says, or the rule where it is absent.
func (c *config) listed(rule func(layer int) bool) ([]bool, error) {
	if len(c.LayerTypes) == 0 {
		return c.layers(rule), nil
	}
	if len(c.LayerTypes) != c.Layers {
		return nil, fmt.Errorf("layer_types names %d layers, there are %d", len(c.LayerTypes), c.Layers)
	}
	for _, t := range c.LayerTypes {
		if t != "sliding_attention" && t != "full_attention" {
			return nil, fmt.Errorf("layer_types has %.40q; only sliding_attention and full_attention are supported", t)
		}
	}
	return c.layers(func(i int) bool { return c.LayerTypes[i] == "sliding_attention" }), nil
}

func (c *config) layers(rule func(layer int) bool) []bool {
	out := make([]bool, c.Layers)
	for i := range out {
		out[i] = rule(i)
	}
	return out
}
