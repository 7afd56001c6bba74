// Kernels with races and without, which the search for them must tell apart,
// and the program that tries it. scripts/cuda-emulator --races runs it.
#include "../../kernel/lle.cuh"
#include "../../kernel/wgmma.cuh"
#include "../block.h"
#include "../race.h"

#include <cstdio>
#include <string>

namespace emu {
bool run_grid(const Launch &, std::string &message);
}

struct Args {
  float *out; // [64], of the device
};

constexpr int two_warps = 64;

static float *shared() { return reinterpret_cast<float *>(shared_memory()); }
static int me() { return static_cast<int>(threadIdx.x); }

KERNEL(none, Args, two_warps, 1) {
  shared()[me()] = 1;
  sync_block();
  float x = shared()[63 - me()];
  sync_block();
  shared()[me()] = x;
  sync_warp();
  x = shared()[me() ^ 1];
  sync_warp();
  shared()[me() ^ 1] = x;
  a.out[blockIdx.x * two_warps + me()] = x;
}

KERNEL(read_after_write, Args, two_warps, 1) {
  shared()[me()] = 1;
  a.out[me()] = shared()[63 - me()];
}

KERNEL(write_after_read, Args, two_warps, 1) {
  shared()[me()] = 1;
  sync_block();
  float x = shared()[63 - me()];
  shared()[me()] = x; // as in a buffer that is used again too soon
}

KERNEL(write_after_write, Args, two_warps, 1) { shared()[me() / 2] = static_cast<float>(me()); }

// A barrier of a warp orders no other warp, a shuffle orders nobody.
KERNEL(only_the_warp_waits, Args, two_warps, 1) {
  shared()[me()] = 1;
  sync_warp();
  a.out[me()] = shared()[63 - me()];
}

KERNEL(only_a_shuffle, Args, two_warps, 1) {
  shared()[me()] = warp_xor(1.0f, 1);
  float x = warp_xor(2.0f, 1);
  a.out[me()] = x + shared()[me() ^ 1];
}

KERNEL(sums, Args, two_warps, 1) { // atomic ones have no races among them
  auto *sum = reinterpret_cast<uint64_t *>(shared_memory());
  if (me() == 0) *sum = 0;
  sync_block();
  add_shared(sum, 1);
  sync_block();
  a.out[blockIdx.x * two_warps + me()] = static_cast<float>(*sum);
}

KERNEL(sum_is_read_too_soon, Args, two_warps, 1) {
  auto *sum = reinterpret_cast<uint64_t *>(shared_memory());
  if (me() == 0) *sum = 0;
  sync_block();
  add_shared(sum, 1);
  a.out[me()] = static_cast<float>(*sum);
}

KERNEL(copies, Args, two_warps, 1) {
  cp_async16(shared() + 4 * me(), a.out, true);
  cp_async_commit();
  cp_async_wait<0>();
  sync_block();
  shared()[me()] += 1; // of another's copy
}

KERNEL(copy_without_barrier, Args, two_warps, 1) {
  cp_async16(shared() + 4 * me(), a.out, true);
  cp_async_commit();
  cp_async_wait<0>();
  float x = shared()[4 * (63 - me())];
  if (x == 0.123f) a.out[0] = x;
}

KERNEL(copy_without_wait, Args, two_warps, 1) {
  cp_async16(shared() + 4 * me(), a.out, true);
  cp_async_commit();
  sync_block();
  float x = shared()[4 * me()];
  cp_async_wait<0>();
  if (x == 0.123f) a.out[0] = x;
}

KERNEL(blocks_write_the_same, Args, two_warps, 1) { a.out[me()] = 1; }

KERNEL(blocks_write_what_others_read, Args, two_warps, 1) {
  float x = a.out[(blockIdx.x + 1) * two_warps % (4 * two_warps) + me()];
  a.out[blockIdx.x * two_warps + me()] = x;
}

// multiply lets a warpgroup multiply what its threads wrote.
template <bool fence, bool barrier> static void multiply() {
  auto *tiles = reinterpret_cast<bf16 *>(shared_memory());
  for (int i = me(); i < (64 + 256) * 64; i += 128) tiles[i] = 0;
  if (fence) shared_fence();
  if (barrier) sync_block();
  float sums[128] = {};
  wgmma_fence();
  wgmma_bf16(sums, tiles, tiles + 64 * 64, 0);
  wgmma_commit();
  wgmma_wait<0>();
}

KERNEL(products, Args, 128, 1) { multiply<true, true>(); }
KERNEL(products_without_fence, Args, 128, 1) { multiply<false, true>(); }
KERNEL(products_without_barrier, Args, 128, 1) { multiply<true, false>(); }

KERNEL(products_are_overwritten, Args, 128, 1) {
  multiply<true, true>();
  reinterpret_cast<bf16 *>(shared_memory())[me()] = 1;
}

int main() {
  // which of two threads comes first is drawn
  static const struct { const char *kernel, *want; unsigned blocks; } cases[] = {
      {"none", "", 2},
      {"read_after_write", "what another thread", 1},
      {"write_after_read", "what another thread", 1},
      {"write_after_write", "writes what another thread wrote", 1},
      {"only_the_warp_waits", "what another thread", 1},
      {"only_a_shuffle", "what another thread", 1},
      {"sums", "", 2},
      {"sum_is_read_too_soon", "what another thread", 1},
      {"copies", "", 2},
      {"copy_without_barrier", "another thread", 1},
      {"copy_without_wait", "touches what its own copy is yet to bring", 1},
      {"blocks_write_the_same", "writes what another block wrote", 2},
      {"blocks_write_what_others_read", "another block", 4},
      {"products", "", 1},
      {"products_without_fence", "multiplies what was written without a fence after it", 1},
      {"products_without_barrier", "what another thread", 1},
      {"products_are_overwritten", "what another thread", 1},
  };
  alignas(16) static float out[4 * two_warps];
  emu::race_memory(reinterpret_cast<char *>(out), sizeof out, true);
  Args args{out};
  int wrong = 0;
  for (auto &c : cases)
    for (uint64_t seed = 1; seed <= 3; seed++) {
      std::string message;
      emu::run_grid({emu::find_kernel(c.kernel), &args, {c.blocks, 1, 1}, (64 + 256) * 64 * 2, seed}, message);
      if (*c.want ? message.find(c.want) != std::string::npos : message.empty()) continue;
      fprintf(stderr, "races: kernel %s: want \"%s\", got \"%s\"\n", c.kernel, c.want, message.c_str());
      wrong = 1;
    }
  return wrong;
}
