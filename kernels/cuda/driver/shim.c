//go:build cuda && linux

// Every function of the driver that the program may call is a jump through a
// table, so that the program needs no libcuda.so.1 to start. Before Open the
// entries answer CUDA_ERROR_STUB_LIBRARY, but for cuInit, which gorgonia.org/cu
// calls when the program starts and which must then succeed.
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <stdio.h>

static CUresult absent(void) { return CUDA_ERROR_STUB_LIBRARY; }
static CUresult ready(void) { return CUDA_SUCCESS; }

#define ENTRY(i, name) #name,
static const char *const names[] = {
#include "symbols.inc"
};
#undef ENTRY

enum { COUNT = sizeof names / sizeof names[0] };

// symbols.inc begins with cuInit.
__attribute__((used, visibility("hidden"))) void *llamaeval_driver[COUNT] = {
    [0] = (void *)ready, [1 ... COUNT - 1] = (void *)absent};

#if defined __x86_64__
#define JUMP(i) "jmpq *llamaeval_driver+8*" #i "(%rip)\n"
#elif defined __aarch64__
#define JUMP(i)                                  \
  "adrp x16, llamaeval_driver+8*" #i "\n"        \
  "ldr x16, [x16, :lo12:llamaeval_driver+8*" #i "]\n" \
  "br x16\n"
#else
#error "CUDA needs a 64-bit x86 or Arm processor"
#endif
#define ENTRY(i, name)                                                       \
  __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name ", %function\n" \
          #name ":\n" JUMP(i) ".size " #name ", .-" #name "\n");
#include "symbols.inc"
#undef ENTRY

// find opens the library; the first failure is the one that tells why.
static void *find(const char *path, char *message, size_t size) {
  const char *const usual[] = {"libcuda.so.1", "libcuda.so"};
  const char *const given[] = {path};
  const char *const *list = *path ? given : usual;
  int n = *path ? 1 : 2;
  for (int i = 0; i < n; i++) {
    void *h = dlopen(list[i], RTLD_NOW | RTLD_LOCAL);
    if (h) return h;
    const char *why = dlerror();
    if (i == 0) snprintf(message, size, "%s", why ? why : "unknown error of the loader");
  }
  return NULL;
}

const char *llamaeval_open(const char *path, char *message, size_t size, int *status, int *missing) {
  *status = *missing = 0;
  void *library = find(path, message, size);
  if (!library) return message;
  CUresult (*init)(unsigned) = (CUresult(*)(unsigned))dlsym(library, "cuInit");
  if (!init) {
    snprintf(message, size, "%s has no cuInit", *path ? path : "libcuda.so.1");
    return message;
  }
  *status = init(0);
  if (*status) return "cuInit";
  for (int i = 0; i < COUNT; i++) {
    void *f = dlsym(library, names[i]);
    if (f) llamaeval_driver[i] = f;
    else ++*missing;
  }
  return NULL;
}

CUresult llamaeval_launch(CUcontext context, CUfunction f, const unsigned grid[3], unsigned threads,
                          unsigned shared, CUstream stream, void *args) {
  CUresult r = cuCtxSetCurrent(context);
  if (r) return r;
  void *parameters[] = {args};
  return cuLaunchKernel(f, grid[0], grid[1], grid[2], threads, 1, 1, shared, stream, parameters, NULL);
}

CUresult llamaeval_load(CUmodule *module, const void *image, char *log, size_t size) {
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, (void *)size};
  return cuModuleLoadDataEx(module, image, 2, options, values);
}
