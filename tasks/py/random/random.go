// Package random reproduces CPython's random.Random: the Mersenne Twister MT19937 with init_by_array seeding, and the
// way in which CPython turns its output into samples. Few-shot examples and bootstrap
// replicates of published results come from this exact stream.
package random

import (
	"math/bits"
)

// Parameters of MT19937: M. Matsumoto, T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
// pseudo-random number generator", ACM TOMACS 8 (1998); seeding as in their mt19937ar.c of 2002.
const (
	stateSize = 624
	shiftSize = 397
	matrixA   = 0x9908b0df
	upperMask = 0x80000000
	lowerMask = 0x7fffffff
)

// Random is one generator. It is not safe for concurrent use.
type Random struct {
	state [stateSize]uint32
	next  int
}

// New returns random.Random(seed). As in CPython the sign of an integer seed is dropped.
func New(seed int64) *Random {
	u := uint64(seed)
	if seed < 0 {
		u = -u
	}
	key := []uint32{uint32(u)}
	if high := uint32(u >> 32); high != 0 {
		key = append(key, high)
	}
	r := &Random{}
	r.seedArray(key)
	return r
}

// seedWord is init_genrand of mt19937ar.c.
func (r *Random) seedWord(s uint32) {
	r.state[0] = s
	for i := 1; i < stateSize; i++ {
		prev := r.state[i-1]
		r.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	r.next = stateSize
}

// seedArray is init_by_array of mt19937ar.c.
func (r *Random) seedArray(key []uint32) {
	r.seedWord(19650218)
	i, j := 1, 0
	step := func() {
		if i++; i == stateSize {
			r.state[0] = r.state[stateSize-1]
			i = 1
		}
	}
	for range max(stateSize, len(key)) {
		prev := r.state[i-1]
		r.state[i] = (r.state[i] ^ (prev^prev>>30)*1664525) + key[j] + uint32(j)
		step()
		if j++; j == len(key) {
			j = 0
		}
	}
	for range stateSize - 1 {
		prev := r.state[i-1]
		r.state[i] = (r.state[i] ^ (prev^prev>>30)*1566083941) - uint32(i)
		step()
	}
	r.state[0] = upperMask
}

func (r *Random) reload() {
	for k := range stateSize {
		y := r.state[k]&upperMask | r.state[(k+1)%stateSize]&lowerMask
		r.state[k] = r.state[(k+shiftSize)%stateSize] ^ y>>1 ^ (y&1)*matrixA
	}
	r.next = 0
}

// Uint32 returns the next 32-bit output: random.getrandbits(32).
func (r *Random) Uint32() uint32 {
	if r.next >= stateSize {
		r.reload()
	}
	y := r.state[r.next]
	r.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// Bits returns random.getrandbits(k) for 0 <= k <= 64; it panics on other k. Above 32 bits the first output holds the
// low word.
func (r *Random) Bits(k int) uint64 {
	switch {
	case k < 0 || k > 64:
		panic("random: Bits wants 0 to 64 bits")
	case k == 0:
		return 0
	case k <= 32:
		return uint64(r.Uint32() >> (32 - k))
	}
	low := uint64(r.Uint32())
	return low | uint64(r.Uint32()>>(64-k))<<32
}

// Below returns a number in [0, n) by rejection, as CPython's _randbelow_with_getrandbits; it panics if n < 1.
func (r *Random) Below(n int) int {
	if n < 1 {
		panic("random: Below wants a positive bound")
	}
	k := bits.Len64(uint64(n))
	for {
		if v := r.Bits(k); v < uint64(n) {
			return int(v)
		}
	}
}

// Float64 returns random.random(): 53 bits in [0, 1).
func (r *Random) Float64() float64 {
	a, b := r.Uint32()>>5, r.Uint32()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// Sample returns random.sample(range(n), k): k distinct indices in order of selection. It panics unless 0 <= k <= n.
func (r *Random) Sample(n, k int) []int {
	if k < 0 || k > n {
		panic("random: sample larger than population or negative")
	}
	out := make([]int, k)
	if n <= poolLimit(k) {
		pool := make([]int, n)
		for i := range pool {
			pool[i] = i
		}
		for i := range out {
			j := r.Below(n - i)
			out[i] = pool[j]
			pool[j] = pool[n-i-1]
		}
		return out
	}
	taken := make(map[int]bool, k)
	for i := range out {
		j := r.Below(n)
		for taken[j] {
			j = r.Below(n)
		}
		taken[j] = true
		out[i] = j
	}
	return out
}

// poolLimit is the population size up to which CPython copies the population instead of keeping a set of the chosen:
// 21 plus, for k > 5, 4^ceil(log4(3k)).
func poolLimit(k int) int {
	limit := 21
	if k > 5 {
		power := 1
		for power < 3*k {
			power *= 4
		}
		limit += power
	}
	return limit
}
