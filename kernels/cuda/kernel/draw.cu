// Drawing tokens, to the bit as ref.Draw does it: masses are whole numbers, so
// their sums have no order. A block draws one token; it finds the token with
// which the sum of masses, the likeliest first, exceeds a goal by looking at
// ever smaller ranges of logits.
#include "args.h"
#include "exact.cuh"

constexpr int draw_threads = 512;
constexpr int draw_bins = 2048;

struct Drawer {
  const float *logits;
  int count;
  float top, temperature;
  uint64_t *first, *bins; // [draw_bins] each: masses by distance, and of a range

  __device__ __forceinline__ uint64_t mass(float logit) const {
    float m = exp_ref((logit - top) / temperature);
    return m > 0 ? static_cast<uint64_t>(m * 1099511627776.0f) : 0;
  }

  // distance sorts tokens coarsely, key exactly: the likeliest first.
  __device__ __forceinline__ int distance(float logit) const {
    float d = (top - logit) * 64.0f;
    return d < draw_bins - 1 ? static_cast<int>(d) : draw_bins - 1;
  }
  static __device__ __forceinline__ uint32_t key(float logit) {
    uint32_t b = bits_of(logit + 0.0f); // -0 is 0
    return b >> 31 ? b : ~(b | 0x80000000u);
  }

  // each calls f with all tokens that have a mass.
  template <class F> __device__ __forceinline__ void each(F f) const {
    for (int i = threadIdx.x; i < count; i += draw_threads) {
      float logit = logits[i];
      uint64_t m = mass(logit);
      if (m) f(logit, m);
    }
  }

  __device__ __forceinline__ void clear(uint64_t *sums) const {
    sync_block(); // nobody reads them any more
    for (int i = threadIdx.x; i < draw_bins; i += draw_threads) sums[i] = 0;
    sync_block();
  }

  // bin returns the first of the sums with which they exceed goal, and takes
  // those before from it. Each warp does it.
  static __device__ __forceinline__ int bin(const uint64_t *sums, uint64_t &goal) {
    constexpr int each = draw_bins / warp_size;
    int lane = threadIdx.x % warp_size, part = 0;
    uint64_t mine = 0;
    for (int i = 0; i < each; i++) mine += sums[lane * each + i];
    for (int i = 0; i < warp_size - 1; i++) {
      uint64_t sum = warp_from(mine, i);
      if (part < i || goal < sum) continue;
      goal -= sum, part = i + 1;
    }
    int at = part * each;
    while (at < draw_bins - 1 && goal >= sums[at]) goal -= sums[at++];
    return at;
  }

  // find returns the key of the token; of those with the key it is the
  // goal-th, by masses. goal is less than all mass.
  __device__ __forceinline__ uint32_t find(uint64_t &goal) const {
    int range = bin(first, goal);
    uint32_t found = 0;
    for (int bits = 0; bits < 32;) {
      int width = bits < 22 ? 11 : 10, shift = 32 - bits - width;
      clear(bins);
      each([this, range, bits, found, shift, width](float logit, uint64_t m) {
        uint32_t k = key(logit);
        if (distance(logit) == range && (bits == 0 || k >> (32 - bits) == found))
          add_shared(bins + (k >> shift & ((1u << width) - 1)), m);
      });
      sync_block();
      found = found << width | static_cast<uint32_t>(bin(bins, goal));
      bits += width;
    }
    return found;
  }

  __device__ __forceinline__ float logit_of(uint32_t k) const { return float_of(k >> 31 ? k : ~k & 0x7fffffffu); }

  // token returns which one has the key and is the n-th to have it.
  __device__ __forceinline__ void token(uint32_t k, uint64_t n, Drawn *out) const {
    int each = ceil_div(count, draw_threads), from = threadIdx.x * each, to = from + each < count ? from + each : count;
    clear(bins);
    uint64_t mine = 0;
    for (int i = from; i < to; i++) mine += key(logits[i]) == k;
    bins[threadIdx.x] = mine;
    sync_block();
    if (bin(bins, n) != static_cast<int>(threadIdx.x)) return;
    for (int i = from; i < to; i++)
      if (key(logits[i]) == k && n-- == 0) *out = {i, logits[i]};
  }
};

KERNEL(draw, DrawsArgs, draw_threads, 1) {
  Draw asked = a.asked[blockIdx.x];
  Drawn *out = a.out + blockIdx.x;
  if (asked.row < 0) return; // the whole block
  uint64_t *sums = reinterpret_cast<uint64_t *>(shared_memory());
  Drawer d{a.logits[asked.row], a.vocabulary, a.whole[asked.row].max, asked.temperature, sums, sums + draw_bins};
  d.clear(d.first);
  d.each([&](float logit, uint64_t m) { add_shared(d.first + d.distance(logit), m); });
  sync_block();
  uint64_t total = 0;
  for (int i = threadIdx.x % warp_size; i < draw_bins; i += warp_size) total += d.first[i];
  for (int h = warp_size / 2; h > 0; h /= 2) total += warp_xor(total, h);
  if (total == 0) {
    if (threadIdx.x == 0) *out = {0, d.logits[0]};
    return;
  }
  uint64_t kept = total;
  if (asked.mass > 0 && asked.mass < 1) {
    uint64_t goal = static_cast<uint64_t>(ceil(asked.mass * static_cast<double>(total)));
    goal = goal > 0 ? goal - 1 : 0;
    uint64_t rest = goal, m = d.mass(d.logit_of(d.find(rest)));
    kept = goal - rest + (rest / m + 1) * m;
  }
  uint64_t goal = static_cast<uint64_t>(asked.share * static_cast<double>(kept));
  goal = goal < kept ? goal : kept - 1;
  uint32_t k = d.find(goal);
  d.token(k, goal / d.mass(d.logit_of(k)), out);
}
