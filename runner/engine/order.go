package engine

// An ordered input and how many tokens it begins with as the one before it.
type ordered struct {
	request int32
	shared  int32
}

// inOrder returns the requests in the order of their inputs, equal ones in
// their own order. It is a merge sort that remembers common prefixes (Ng and
// Kakehi, Merging string sequences by longest common prefixes, 2008): prompts
// are long and mostly alike, and a token of a common prefix is looked at once
// for each request instead of at each comparison.
func inOrder(requests []Request) []ordered {
	out := make([]ordered, len(requests))
	for i := range out {
		out[i].request = int32(i)
	}
	inputs := make([]input, len(requests))
	for i, r := range requests {
		inputs[i] = r.input()
	}
	sortRun(out, make([]ordered, len(out)), inputs)
	return out
}

// sortRun sorts run; spare is as long.
func sortRun(run, spare []ordered, inputs []input) {
	if len(run) < 2 {
		return
	}
	half := len(run) / 2
	sortRun(run[:half], spare[:half], inputs)
	sortRun(run[half:], spare[half:], inputs)
	copy(spare, run)
	mergeRuns(run, spare[:half], spare[half:], inputs)
}

// mergeRuns merges a and b into out. At every step the heads' shared counts
// are those with the last input written: the head that shares more comes
// first, and only heads that share the same number are compared, from there.
func mergeRuns(out, a, b []ordered, inputs []input) {
	for len(a) > 0 && len(b) > 0 {
		x, y := &a[0], &b[0]
		first := x.shared > y.shared
		if x.shared == y.shared {
			out[0].shared = x.shared
			s, t := inputs[x.request], inputs[y.request]
			n := s.common(t, int(x.shared))
			if first = n == s.len() || n < t.len() && s.run(n)[0] < t.run(n)[0]; first {
				y.shared = int32(n)
			} else {
				x.shared = int32(n)
			}
		} else {
			out[0].shared = max(x.shared, y.shared)
		}
		if first {
			out[0].request, a = x.request, a[1:]
		} else {
			out[0].request, b = y.request, b[1:]
		}
		out = out[1:]
	}
	copy(out, a)
	copy(out[len(a):], b)
}

// commonPrefix is how many tokens both begin with. Blocks are compared as
// memory.
func commonPrefix(a, b []int32) int {
	const block = 32
	n, i := min(len(a), len(b)), 0
	if n > 0 && &a[0] == &b[0] {
		return n
	}
	for i+block <= n && *(*[block]int32)(a[i:]) == *(*[block]int32)(b[i:]) {
		i += block
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
