package engine

// Split parts a wave into n lists of requests, for engines on n devices: each
// a run of neighbours in the trie, so that few prefixes are computed by two,
// and each about as much work.
func Split(requests []Request, n int) [][]int32 {
	order := inOrder(requests)
	work := func(o ordered) int {
		r := &requests[o.request]
		tokens := r.input().len() - int(o.shared) + 1
		if r.Gen != nil {
			tokens += r.Gen.MaxTokens
		}
		return tokens
	}
	total := 0
	for _, o := range order {
		total += work(o)
	}
	out := make([][]int32, n)
	done := 0
	for _, o := range order {
		w := work(o)
		part := min((2*done+w)*n/(2*total), n-1) // where its middle lies
		out[part] = append(out[part], o.request)
		done += w
	}
	return out
}
