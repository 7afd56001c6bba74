package progress

import "time"

// A speed is what tokens cost, learnt from steps that computed some of each
// kind: those of prompts, many at a time, and generated ones, which come one
// by one and cost several times as much. It fits time = a*inputs + b*generated
// by least squares, and forgets slowly, since a machine's other work changes.
type speed struct {
	ii, ig, gg, it, gt float64 // sums of products of inputs, generated and seconds
}

// memory is the weight that a step keeps when another one comes.
const memory = 0.998

func (s *speed) learn(inputs, generated, seconds float64) {
	for _, p := range []struct {
		sum *float64
		add float64
	}{{&s.ii, inputs * inputs}, {&s.ig, inputs * generated}, {&s.gg, generated * generated}, {&s.it, inputs * seconds}, {&s.gt, generated * seconds}} {
		*p.sum = *p.sum*memory + p.add
	}
}

// usual is how many input tokens a generated one costs until it is known.
const usual = 5

// seconds is how long so many tokens will take.
func (s *speed) seconds(inputs, generated float64) float64 {
	a, b := s.costs()
	return a*inputs + b*generated
}

func (s *speed) costs() (input, generated float64) {
	det := s.ii*s.gg - s.ig*s.ig
	if det > 1e-6*s.ii*s.gg {
		a, b := (s.it*s.gg-s.gt*s.ig)/det, (s.gt*s.ii-s.it*s.ig)/det
		if a > 0 && b > 0 {
			return a, b
		}
	}
	// One kind alone, or always in one proportion: one unknown.
	if s.ii+s.ig+s.gg == 0 {
		return 0, 0
	}
	a := (s.it + usual*s.gt) / (s.ii + 2*usual*s.ig + usual*usual*s.gg)
	return a, usual * a
}

// work is what is computed and what will be, in tokens.
type work struct {
	inputs, generated float64
}

// Step counts the tokens that one step has put through the model.
func (p *P) Step(inputs, generated int) {
	p.mu.Lock()
	now := p.o.Now()
	if p.last.IsZero() {
		p.last = p.started
	}
	p.speed.learn(float64(inputs), float64(generated), now.Sub(p.last).Seconds())
	p.last = now
	p.computed.inputs += float64(inputs)
	p.computed.generated += float64(generated)
	p.mu.Unlock()
	p.Add(0, int64(inputs+generated))
}

// Expect says how many tokens this process will have put through the model in
// the end, as far as that is known.
func (p *P) Expect(inputs, generated float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = work{inputs, generated}
}

// Left estimates how long the rest will take: by tokens where they are known,
// else as if all items were alike.
func (p *P) Left() (d time.Duration, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left()
}

func (p *P) left() (time.Duration, bool) {
	if p.done >= p.o.Total {
		return 0, false
	}
	if p.expected != (work{}) && p.computed != (work{}) {
		s := p.speed.seconds(max(0, p.expected.inputs-p.computed.inputs), max(0, p.expected.generated-p.computed.generated))
		return time.Duration(s * float64(time.Second)), true
	}
	fresh := p.done - p.o.Done
	if fresh <= 0 {
		return 0, false
	}
	return time.Duration(float64(p.o.Now().Sub(p.started)) * float64(p.o.Total-p.done) / float64(fresh)), true
}
