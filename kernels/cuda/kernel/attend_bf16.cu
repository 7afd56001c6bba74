// Attention in bfloat16 on tensor cores (after Dao, "FlashAttention-2", 2023):
// keys in blocks of 64 at absolute positions, in order, whatever else a tile
// holds; so a query has the same bits in any company. Rows of a tile are the
// heads that share a key-value head, stacked on the positions of one or
// several branches. A page that branches share is read once for all of them.
#include "args.h"
#include "lle.cuh"

constexpr int flash_threads = 128;
constexpr int flash_rows = 64; // of a tile, 16 a warp
constexpr float flash_nothing = -__builtin_huge_valf();

// W is the width of a head rounded up to 64, 128 or 256.
template <int W> struct Flash {
  static constexpr int stages = W > 128 ? 1 : 2;
  static constexpr int block = 64 * W;                                        // values of keys or of values
  static constexpr int shared = (1 + 2 * stages) * block * 2 + 64 * 7 * 4;    // bytes; flash.go has it too
  static_assert(flash_rows == 64, "queries take a block too");

  // What the tile holds, in shared memory.
  bf16 *query, *memory;
  int *line, *position, *owner; // of a row: row of the batch, position, piece
  Piece *pieces;
  const FlashArgs &a;
  int count, rows, group, head;

  // A step lets the pieces from first to end see a page, the block-th of each.
  struct Step { int block, first, end, page; };

  __device__ __forceinline__ Flash(const FlashArgs &args) : a(args) {
    query = reinterpret_cast<bf16 *>(shared_memory()), memory = query + block;
    line = reinterpret_cast<int *>(memory + 2 * stages * block);
    position = line + 64, owner = position + 64;
    pieces = reinterpret_cast<Piece *>(owner + 64);
    group = a.heads / a.cache.kv_heads, head = blockIdx.y;
  }

  static __device__ __forceinline__ int place(int row, int chunk) { return row * W + (chunk ^ (row & 7)) * 8; }

  __device__ __forceinline__ int first_block(const Piece &p) const {
    int from = p.start - a.window + 1;
    return a.window > 0 && from > 0 ? from / 64 : 0;
  }
  __device__ __forceinline__ int page(int piece, int b) const {
    const Piece &p = pieces[piece];
    return b >= first_block(p) && b <= (p.start + p.count - 1) / 64 ? a.pages[p.pages + b] : -1;
  }

  // next finds the step that begins at piece s.end of the block or later;
  // after the last one s.block is -1. All threads do the same.
  __device__ __forceinline__ void next(Step &s) const {
    while (s.block >= 0) {
      for (s.first = s.end; s.first < count; s.first++)
        if ((s.page = page(s.first, s.block)) >= 0) break;
      if (s.first < count) {
        for (s.end = s.first + 1; s.end < count && page(s.end, s.block) == s.page;) s.end++;
        return;
      }
      int later = -1; // the first block after this one that a piece sees
      for (int i = 0; i < count; i++) {
        int b = first_block(pieces[i]), last = (pieces[i].start + pieces[i].count - 1) / 64;
        b = b > s.block ? b : s.block + 1;
        if (b <= last && (later < 0 || b < later)) later = b;
      }
      s.block = later, s.end = 0;
    }
  }

  // begin sets out to fetch a step's keys, then its values.
  __device__ __forceinline__ void begin(const Step &s, int stage) {
    if (s.block >= 0) {
      int width = a.cache.width, most = 0;
      for (int i = s.first; i < s.end; i++) {
        int n = pieces[i].start + pieces[i].count - s.block * 64;
        most = n > most ? n : most;
      }
      const bf16 *keys = reinterpret_cast<const bf16 *>(a.cache.memory) + s.page * a.cache.page + a.cache.layer + static_cast<int64_t>(head) * 64 * width;
      bf16 *to = memory + stage * 2 * block;
      fetch(to, keys, most, width);
      cp_async_commit();
      fetch(to + block, keys + static_cast<int64_t>(a.cache.kv_heads) * 64 * width, most, width);
    } else {
      cp_async_commit(); // empty, to keep count
    }
    cp_async_commit();
  }

  static __device__ __forceinline__ void fetch(bf16 *to, const bf16 *from, int keys, int width) {
    for (int at = threadIdx.x; at < block / 8; at += flash_threads) {
      int key = at / (W / 8), chunk = at % (W / 8);
      bool valid = key < keys && chunk * 8 < width;
      cp_async16(to + place(key, chunk), valid ? from + key * width + chunk * 8 : from, valid);
    }
  }

  // prepare copies the pieces and lists the rows and their queries.
  __device__ __forceinline__ void prepare() {
    const FlashTile tile = a.tiles[blockIdx.x];
    count = tile.count;
    if (threadIdx.x < static_cast<unsigned>(count)) pieces[threadIdx.x] = a.pieces[tile.first + threadIdx.x];
    sync_block();
    if (threadIdx.x < flash_rows) {
      int r = threadIdx.x, slot = r / group, at = 0, i = 0;
      while (i < count && slot >= at + pieces[i].count) at += pieces[i++].count;
      bool used = i < count;
      line[r] = used ? pieces[i].row + slot - at : -1;
      position[r] = used ? pieces[i].start + slot - at : -1;
      owner[r] = used ? i : -1;
    }
    sync_block();
    int width = a.cache.width;
    for (int at = threadIdx.x; at < flash_rows * W / 8; at += flash_threads) {
      int r = at / (W / 8), chunk = at % (W / 8);
      uint4 packed = {0, 0, 0, 0};
      if (line[r] >= 0 && chunk * 8 < width) {
        const float4 *x = reinterpret_cast<const float4 *>(a.query + (static_cast<int64_t>(line[r]) * a.heads + head * group + r % group) * width + chunk * 8);
        float4 low = x[0], high = x[1];
        packed = {pack_bf16(low.x, low.y), pack_bf16(low.z, low.w), pack_bf16(high.x, high.y), pack_bf16(high.z, high.w)};
      }
      *reinterpret_cast<uint4 *>(query + place(r, chunk)) = packed;
    }
    sync_block();
  }

  // score leaves products of the warp's 16 rows and the 64 keys in s.
  __device__ __forceinline__ void score(float s[8][4], const bf16 *keys) const {
    int lane = threadIdx.x % warp_size, row0 = threadIdx.x / warp_size * 16;
#pragma unroll
    for (int j = 0; j < 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) s[j][e] = 0;
#pragma unroll
    for (int kk = 0; kk < W / 16; kk++) {
      uint32_t q[4], k[4];
      ldmatrix_x4(q, query + place(row0 + lane % 16, kk * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < 4; j++) {
        ldmatrix_x4(k, keys + place(j * 16 + lane % 8 + lane / 16 * 8, kk * 2 + lane / 8 % 2));
        mma_bf16(s[2 * j], q, k[0], k[1]);
        mma_bf16(s[2 * j + 1], q, k[2], k[3]);
      }
    }
  }

  // weigh turns scores into exponentials to the base 2 and returns by what
  // factor what was gathered before shrinks. A row that does not see the page
  // keeps its highest score and sum, and the factor is 1.
  __device__ __forceinline__ void weigh(float s[8][4], const Step &step, float highest[2], float sum[2], float shrink[2]) const {
    constexpr float log2_e = 1.44269504f;
    int lane = threadIdx.x % warp_size, row0 = threadIdx.x / warp_size * 16;
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int r = row0 + lane / 4 + h * 8, last = position[r];
      if (owner[r] < step.first || owner[r] >= step.end) last = -1;
      int first = a.window > 0 ? last - a.window + 1 : 0;
      float top = highest[h];
#pragma unroll
      for (int j = 0; j < 8; j++)
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) {
          int key = step.block * 64 + j * 8 + lane % 4 * 2 + (e & 1);
          float x = s[j][e] * a.scale;
          if (a.limit > 0) x = a.limit * tanh_fast(x / a.limit);
          s[j][e] = key >= first && key <= last ? x * log2_e : flash_nothing;
          top = s[j][e] > top ? s[j][e] : top;
        }
      for (int m = 1; m < 4; m *= 2) {
        float other = warp_xor(top, m);
        top = other > top ? other : top;
      }
      float base = top == flash_nothing ? 0.0f : top, part = 0;
      shrink[h] = exp2_fast(highest[h] - base);
      highest[h] = top;
#pragma unroll
      for (int j = 0; j < 8; j++)
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) part += s[j][e] = exp2_fast(s[j][e] - base);
      sum[h] = fma_rn(sum[h], shrink[h], part);
    }
  }

  // gather adds the values, weighed.
  __device__ __forceinline__ void gather(float acc[W / 8][4], const float s[8][4], const float shrink[2], const bf16 *values) const {
    int lane = threadIdx.x % warp_size;
#pragma unroll
    for (int j = 0; j < W / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) acc[j][e] *= shrink[e / 2];
#pragma unroll
    for (int kk = 0; kk < 4; kk++) {
      uint32_t p[4] = {pack_bf16(s[2 * kk][0], s[2 * kk][1]), pack_bf16(s[2 * kk][2], s[2 * kk][3]),
                       pack_bf16(s[2 * kk + 1][0], s[2 * kk + 1][1]), pack_bf16(s[2 * kk + 1][2], s[2 * kk + 1][3])};
#pragma unroll
      for (int j = 0; j < W / 16; j++) {
        uint32_t v[4];
        ldmatrix_x4_trans(v, values + place(kk * 16 + lane % 16, j * 2 + lane / 16));
        mma_bf16(acc[2 * j], p, v[0], v[1]);
        mma_bf16(acc[2 * j + 1], p, v[2], v[3]);
      }
    }
  }

  __device__ __forceinline__ void finish(const float acc[W / 8][4], float sum[2]) const {
    int lane = threadIdx.x % warp_size, row0 = threadIdx.x / warp_size * 16, width = a.cache.width;
#pragma unroll
    for (int h = 0; h < 2; h++) {
      for (int m = 1; m < 4; m *= 2) sum[h] += warp_xor(sum[h], m);
      int r = row0 + lane / 4 + h * 8;
      if (line[r] < 0) continue; // all four lanes of the row
      float inverse = 1.0f / sum[h];
      bf16 *to = a.half + (static_cast<int64_t>(line[r]) * a.heads + head * group + r % group) * width;
#pragma unroll
      for (int j = 0; j < W / 8; j++) {
        int d = j * 8 + lane % 4 * 2;
        // + 0: pages that others see may turn -0 into 0, so there is no -0
        if (d < width) *reinterpret_cast<uint32_t *>(to + d) = pack_bf16(acc[j][2 * h] * inverse + 0.0f, acc[j][2 * h + 1] * inverse + 0.0f);
      }
    }
  }

  // sees tells whether any of the warp's rows is a piece's of the step.
  __device__ __forceinline__ bool sees(const Step &s) const {
    int row0 = threadIdx.x / warp_size * 16, first = 0, end = 0;
    for (int i = 0; i < s.end; i++) {
      if (i < s.first) first += pieces[i].count;
      end += pieces[i].count;
    }
    return first * group < row0 + 16 && end * group > row0;
  }

  __device__ __forceinline__ void run() {
    if (a.tiles[blockIdx.x].count == 0) return; // the whole block
    prepare();
    float acc[W / 8][4], highest[2] = {flash_nothing, flash_nothing}, sum[2] = {0, 0};
#pragma unroll
    for (int j = 0; j < W / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) acc[j][e] = 0;
    Step now = {0, 0, 0, 0};
    next(now);
    begin(now, 0);
    for (int i = 0; now.block >= 0; i++) {
      Step after = now;
      next(after);
      if (stages == 2) begin(after, (i + 1) % 2);
      const bf16 *keys = memory + i % stages * 2 * block;
      bool active = sees(now);
      float s[8][4], shrink[2];
      cp_async_wait<2 * stages - 1>();
      sync_block(); // the keys are there
      if (active) {
        score(s, keys);
        weigh(s, now, highest, sum, shrink);
      }
      cp_async_wait<2 * stages - 2>();
      sync_block(); // the values are there
      if (active) gather(acc, s, shrink, keys + block);
      sync_block(); // and have been used
      if (stages == 1) begin(after, 0);
      now = after;
    }
    cp_async_wait<0>();
    finish(acc, sum);
  }
};

KERNEL(attend_bf16_64, FlashArgs, flash_threads, 1) { Flash<64>(a).run(); }
KERNEL(attend_bf16_128, FlashArgs, flash_threads, 1) { Flash<128>(a).run(); }
KERNEL(attend_bf16_256, FlashArgs, flash_threads, 1) { Flash<256>(a).run(); }
