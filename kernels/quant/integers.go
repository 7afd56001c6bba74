package quant

// A Superblock is a block of a k-quant taken apart: weight k is
// D·Scales[k/16]·Values[k] - Min·Minima[k/16]. Where the format has values
// with a sign and no minima (Q3_K, Q6_K), Min is D times what was added to the
// values to make them positive, and Minima are the scales.
type Superblock struct {
	Values         [256]uint8 // below 64
	Scales, Minima [16]int8
	D, Min         float32
	Shared         int // weights with the same scale and minimum: 16 or 32
}

// integers are the types that a Superblock can hold.
var integers = map[Type]func(s *Superblock, src []byte){
	Q2_K: integersQ2_K, Q3_K: integersQ3_K, Q4_K: integersQ4_K, Q5_K: integersQ5_K, Q6_K: integersQ6_K,
}

// Integers takes one block apart, or returns false for a type that is no
// k-quant.
func Integers(s *Superblock, t Type, block []byte) bool {
	split, ok := integers[t]
	if ok {
		split(s, block)
	}
	return ok
}

func integersQ2_K(s *Superblock, src []byte) {
	s.D, s.Min, s.Shared = half(src[80:]), half(src[82:]), 16
	for sub := range 16 {
		s.Scales[sub], s.Minima[sub] = int8(src[sub]&15), int8(src[sub]>>4)
		for l, q := range src[16+sub/8*32+sub%2*16:][:16] {
			s.Values[sub*16+l] = q >> (sub / 2 % 4 * 2) & 3
		}
	}
}

func integersQ3_K(s *Superblock, src []byte) {
	high, qs, scales := src[:32], src[32:96], src[96:108]
	s.D, s.Shared = half(src[108:]), 16
	s.Min = 4 * s.D
	for sub := range 16 {
		low, top := scales[sub%8]>>(sub/8*4)&15, scales[8+sub%4]>>(sub/4*2)&3
		s.Scales[sub] = int8(low|top<<4) - 32
		s.Minima[sub] = s.Scales[sub]
		for l, q := range qs[sub/8*32+sub%2*16:][:16] {
			s.Values[sub*16+l] = q>>(sub/2%4*2)&3 | high[sub%2*16+l]>>(sub/2)&1<<2
		}
	}
}

func integersQ4_K(s *Superblock, src []byte) {
	nibbles := src[16:144]
	s.scaleMins(src)
	for k := range s.Values {
		s.Values[k] = nibbles[k/64*32+k%32] >> (k / 32 % 2 * 4) & 15
	}
}

func integersQ5_K(s *Superblock, src []byte) {
	fifth, nibbles := src[16:48], src[48:176]
	s.scaleMins(src)
	for k := range s.Values {
		s.Values[k] = nibbles[k/64*32+k%32]>>(k/32%2*4)&15 | fifth[k%32]>>(k/32)&1<<4
	}
}

// scaleMins takes the header of Q4_K and Q5_K apart, whose scales hold for 32
// weights each.
func (s *Superblock) scaleMins(src []byte) {
	s.D, s.Min, s.Shared = half(src), half(src[2:]), 32
	for sub := range 16 {
		sc, mn := scaleMin(src[4:16], sub/2)
		s.Scales[sub], s.Minima[sub] = int8(sc), int8(mn)
	}
}

func integersQ6_K(s *Superblock, src []byte) {
	ql, qh := src[:128], src[128:192]
	s.D, s.Shared = half(src[208:]), 16
	s.Min = 32 * s.D
	for sub := range 16 {
		s.Scales[sub] = int8(src[192+sub])
		s.Minima[sub] = s.Scales[sub]
		part, c, from := sub/8, sub/2%4, sub%2*16
		for l := range 16 {
			s.Values[sub*16+l] = ql[part*64+c%2*32+from+l]>>(c/2*4)&15 | qh[part*32+from+l]>>(c*2)&3<<4
		}
	}
}
