// Products of a warpgroup, 128 threads, of compute capability 9.0 alone, which
// read both factors from shared memory while the threads go on. A tile there is
// rows of 64 bfloat16, whose chunks of 16 bytes are swapped by row: chunk c of
// row r lies at c^(r%8). It begins at a multiple of 1024 bytes.
#pragma once
#include "lle.cuh"

__device__ __forceinline__ int wgmma_place(int row, int chunk) { return row * 64 + (chunk ^ (row & 7)) * 8; }

#ifdef __CUDACC__

// Between writing the sums and the first product, and before products of what
// threads have written to shared memory.
__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void shared_fence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N> __device__ __forceinline__ void wgmma_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }

// descriptor says where a tile lies: its address, 1024 bytes from eight rows to
// the next, chunks swapped over 128 bytes.
__device__ __forceinline__ uint64_t descriptor(const bf16 *at) {
  uint64_t address = (shared_address(at) & 0x3ffff) >> 4;
  return address | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}

#define D8(i) "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3]), "+f"(c[i + 4]), "+f"(c[i + 5]), "+f"(c[i + 6]), "+f"(c[i + 7])

// wgmma_bf16 adds the product of 64 rows of a and 256 of b, of 16 values from
// the kk-th chunk pair on. Sum 4j+e of a thread is that of mma_bf16's e for
// columns 8j; its warp has 16 rows.
__device__ __forceinline__ void wgmma_bf16(float c[128], const bf16 *a, const bf16 *b, int kk) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, "
      "%26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, "
      "%74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, "
      "%98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, "
      "%118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, %128, %129, 1, 1, 1, 0, 0;"
      : D8(0), D8(8), D8(16), D8(24), D8(32), D8(40), D8(48), D8(56), D8(64), D8(72), D8(80), D8(88), D8(96), D8(104), D8(112), D8(120)
      : "l"(descriptor(a) + 2 * kk), "l"(descriptor(b) + 2 * kk)
      : "memory");
}
#undef D8

#else

static inline void wgmma_fence() {}
static inline void shared_fence() { emu::group_fence(); }
static inline void wgmma_commit() { emu::group_commit(); }
template <int N> static inline void wgmma_wait() { emu::group_wait(N); }
static inline void wgmma_bf16(float c[128], const bf16 *a, const bf16 *b, int kk) { emu::group_multiply(c, a, b, kk); }

#endif
