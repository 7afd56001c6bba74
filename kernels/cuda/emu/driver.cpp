// The part of the CUDA driver's interface that llamaeval uses, over the
// emulated machine. Settings, in LLAMAEVAL_EMU_*: DEVICES (2), MEMORY (bytes
// of each, 1 GiB), MAJOR and MINOR (compute capability 9.0), PTX (newest
// version that loads, 80), SEED (of the order of threads), FAIL (launches that
// succeed before the device is lost), CAPTURE (0: graphs are refused), WGMMA (0:
// products of warpgroups have other bits than those of warps).
// Attributes 1000000 and 1000001 of a device are how many calls there were, and
// how many of them waited for it.
#include "machine.h"
#include "race.h"

#include <chrono>
#include <cstdio>
#include <mutex>

using namespace emu;

namespace {

std::recursive_mutex all; // one call at a time
thread_local Context *current;

int calls, waits; // so far

#define ENTER std::lock_guard<std::recursive_mutex> lock(all); calls++
#define ENTER_CONTEXT \
  ENTER;              \
  if (!current) return CUDA_ERROR_INVALID_CONTEXT; \
  if (current->lost) return current->lost
#define NOT_IN_CAPTURE \
  if (current->capturing()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED

struct Module { std::string text; };

Stream *of(CUstream s) { return reinterpret_cast<Stream *>(s); }
char *address(CUdeviceptr p) { return reinterpret_cast<char *>(p); }
// watch lets races on the device's memory be found, or forgets it.
void watch(const char *at, size_t bytes, bool there) {
  if constexpr (races) race_memory(at, bytes, there);
}
bool mine(CUdeviceptr p, size_t n) { return in_memory(current->memory, p, n); }

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

CUresult refuse(CUjit_option *options, void **values, unsigned n, CUresult r, const std::string &why) {
  for (unsigned i = 0; i + 1 < n; i++)
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
      snprintf(static_cast<char *>(values[i]), reinterpret_cast<size_t>(values[i + 1]), "%s", why.c_str());
  return r;
}

} // namespace

extern "C" {

CUresult cuInit(unsigned) { return CUDA_SUCCESS; }
CUresult cuDriverGetVersion(int *v) { *v = 13000; return CUDA_SUCCESS; }
CUresult cuDeviceGetCount(int *n) { *n = static_cast<int>(setting("DEVICES", 2)); return CUDA_SUCCESS; }

CUresult cuDeviceGet(CUdevice *d, int i) {
  if (i < 0 || i >= setting("DEVICES", 2)) return CUDA_ERROR_INVALID_DEVICE;
  *d = i;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice d) {
  snprintf(name, static_cast<size_t>(size), "emulator %d", d);
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
  *bytes = static_cast<size_t>(setting("MEMORY", 1 << 30));
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *v, CUdevice_attribute a, CUdevice) {
  switch (static_cast<int>(a)) {
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: *v = static_cast<int>(setting("MAJOR", 9)); break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: *v = static_cast<int>(setting("MINOR", 0)); break;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: *v = 4; break;
  case 1000000: *v = calls; break;
  case 1000001: *v = waits; break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *v = 227 << 10; break;
  default: return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult cuCtxCreate_v2(CUcontext *c, unsigned, CUdevice d) {
  ENTER;
  current = new Context{};
  current->device = d;
  current->limit = static_cast<size_t>(setting("MEMORY", 1 << 30));
  current->launches_left = setting("FAIL", -1);
  inexact_groups = !setting("WGMMA", 1);
  *c = reinterpret_cast<CUcontext>(current);
  return CUDA_SUCCESS;
}

CUresult cuCtxDestroy_v2(CUcontext c) {
  ENTER;
  auto *x = reinterpret_cast<Context *>(c);
  for (auto &[at, m] : x->memory) watch(reinterpret_cast<char *>(at), m.size, false), give_back(m);
  for (auto &[at, m] : x->pinned) give_back(m);
  for (auto *s : x->streams) delete s;
  if (current == x) current = nullptr;
  delete x;
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext c) {
  ENTER;
  current = reinterpret_cast<Context *>(c);
  return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize() {
  ENTER_CONTEXT;
  NOT_IN_CAPTURE;
  waits++;
  return current->run_all();
}

// Memory

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  ENTER_CONTEXT;
  *free = current->limit - current->used;
  *total = current->limit;
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *p, size_t bytes) {
  ENTER_CONTEXT;
  NOT_IN_CAPTURE;
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  if (bytes > current->limit - current->used) return CUDA_ERROR_OUT_OF_MEMORY;
  Memory m;
  char *at = take_memory(bytes, m);
  if (!at) return CUDA_ERROR_OUT_OF_MEMORY;
  watch(at, bytes, true);
  current->used += bytes;
  current->memory[reinterpret_cast<uintptr_t>(at)] = m;
  *p = reinterpret_cast<CUdeviceptr>(at);
  return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr p) {
  ENTER_CONTEXT;
  NOT_IN_CAPTURE;
  auto at = current->memory.find(p);
  if (at == current->memory.end()) return CUDA_ERROR_INVALID_VALUE;
  waits++;
  CUresult r = current->run_all(); // as the driver does
  watch(address(p), at->second.size, false);
  current->used -= at->second.size;
  give_back(at->second);
  current->memory.erase(at);
  return r;
}

CUresult cuMemHostAlloc(void **p, size_t bytes, unsigned) {
  ENTER_CONTEXT;
  Memory m;
  char *at = take_memory(bytes, m);
  if (!at) return CUDA_ERROR_OUT_OF_MEMORY;
  current->pinned[reinterpret_cast<uintptr_t>(at)] = m;
  *p = at;
  return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void *p) {
  ENTER_CONTEXT;
  auto at = current->pinned.find(reinterpret_cast<uintptr_t>(p));
  if (at == current->pinned.end()) return CUDA_ERROR_INVALID_VALUE;
  give_back(at->second);
  current->pinned.erase(at);
  return CUDA_SUCCESS;
}

// Copies

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t n, CUstream s) {
  ENTER_CONTEXT;
  if (!mine(dst, n)) return CUDA_ERROR_INVALID_VALUE;
  if (in_memory(current->pinned, reinterpret_cast<uintptr_t>(src), n)) {
    of(s)->push([=] { memcpy(address(dst), src, n); return CUDA_SUCCESS; });
    return CUDA_SUCCESS;
  }
  std::string held(static_cast<const char *>(src), n);
  of(s)->push([dst, n, held = std::move(held)] { memcpy(address(dst), held.data(), n); return CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t n, CUstream s) {
  ENTER_CONTEXT;
  if (!mine(src, n)) return CUDA_ERROR_INVALID_VALUE;
  of(s)->push([=] { memcpy(dst, address(src), n); return CUDA_SUCCESS; });
  // The driver waits where the memory is not pinned.
  if (in_memory(current->pinned, reinterpret_cast<uintptr_t>(dst), n)) return CUDA_SUCCESS;
  if (of(s)->capture) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  waits++;
  return of(s)->run_until(of(s)->queued);
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t n, CUstream s) {
  ENTER_CONTEXT;
  if (!mine(dst, n) || !mine(src, n)) return CUDA_ERROR_INVALID_VALUE;
  of(s)->push([=] { memmove(address(dst), address(src), n); return CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}

CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char value, size_t n, CUstream s) {
  ENTER_CONTEXT;
  if (!mine(dst, n)) return CUDA_ERROR_INVALID_VALUE;
  of(s)->push([=] { memset(address(dst), value, n); return CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}

// Streams and events

CUresult cuStreamCreate(CUstream *s, unsigned) {
  ENTER_CONTEXT;
  auto *x = new Stream{};
  x->context = current;
  current->streams.push_back(x);
  *s = reinterpret_cast<CUstream>(x);
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy_v2(CUstream s) {
  ENTER_CONTEXT;
  CUresult r = of(s)->run_until(of(s)->queued);
  std::erase(current->streams, of(s));
  delete of(s);
  return r;
}

CUresult cuStreamSynchronize(CUstream s) {
  ENTER_CONTEXT;
  if (of(s)->capture) {
    of(s)->spoilt = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  waits++;
  return of(s)->run_until(of(s)->queued);
}

CUresult cuEventCreate(CUevent *e, unsigned) {
  ENTER_CONTEXT;
  *e = reinterpret_cast<CUevent>(new Event{});
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent e) {
  ENTER_CONTEXT;
  for (auto *s : current->streams) s->run_until(s->queued); // none may wait for it
  delete reinterpret_cast<Event *>(e);
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent e, CUstream s) {
  ENTER_CONTEXT;
  if (of(s)->capture) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED; // not emulated
  auto *x = reinterpret_cast<Event *>(e);
  of(s)->push([x] { x->when = now(); return CUDA_SUCCESS; });
  x->stream = of(s), x->count = of(s)->queued;
  return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream s, CUevent e, unsigned) {
  ENTER_CONTEXT;
  if (of(s)->capture) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED; // not emulated
  auto *x = reinterpret_cast<Event *>(e);
  if (!x->stream) return CUDA_SUCCESS;
  of(s)->push([stream = x->stream, count = x->count] { return stream->run_until(count); });
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent e) {
  ENTER_CONTEXT;
  auto *x = reinterpret_cast<Event *>(e);
  waits++;
  return x->stream ? x->stream->run_until(x->count) : CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float *ms, CUevent a, CUevent b) {
  ENTER_CONTEXT;
  auto *start = reinterpret_cast<Event *>(a), *end = reinterpret_cast<Event *>(b);
  for (auto *x : {start, end})
    if (!x->stream || x->stream->done < x->count) return CUDA_ERROR_NOT_READY;
  *ms = static_cast<float>(end->when - start->when);
  return CUDA_SUCCESS;
}

// Modules

CUresult cuModuleLoadDataEx(CUmodule *m, const void *image, unsigned n, CUjit_option *options, void **values) {
  ENTER_CONTEXT;
  std::string text(static_cast<const char *>(image));
  size_t at = text.find(".version ");
  if (at == std::string::npos) return CUDA_ERROR_INVALID_IMAGE;
  int major = 0, minor = 0, target = 0;
  sscanf(text.c_str() + at, ".version %d.%d", &major, &minor);
  if (major * 10 + minor > setting("PTX", 80))
    return refuse(options, values, n, CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
                  "Unsupported .version " + std::to_string(major) + "." + std::to_string(minor));
  at = text.find(".target sm_");
  if (at == std::string::npos) return refuse(options, values, n, CUDA_ERROR_INVALID_PTX, "no .target");
  char suffix = 0;
  sscanf(text.c_str() + at, ".target sm_%d%c", &target, &suffix);
  long have = setting("MAJOR", 9) * 10 + setting("MINOR", 0);
  if (suffix == 'a' ? have != target : have < target) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  *m = reinterpret_cast<CUmodule>(new Module{std::move(text)}); // small, and kept
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *f, CUmodule m, const char *name) {
  ENTER_CONTEXT;
  auto *x = reinterpret_cast<Module *>(m);
  if (x->text.find(std::string(".entry ") + name + "(") == std::string::npos) return CUDA_ERROR_NOT_FOUND;
  const Kernel *k = find_kernel(name);
  if (!k) {
    fprintf(stderr, "emulator: built without kernel %s\n", name);
    return CUDA_ERROR_NOT_FOUND;
  }
  *f = reinterpret_cast<CUfunction>(const_cast<Kernel *>(k));
  return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int bytes) {
  return bytes > 227 << 10 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

// Launches and graphs

CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream s, void **parameters, void **) {
  ENTER_CONTEXT;
  auto *k = reinterpret_cast<const Kernel *>(f);
  if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || by != 1 || bz != 1) return CUDA_ERROR_INVALID_VALUE;
  if (bx != k->threads || shared > 227 << 10) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  std::string args(static_cast<const char *>(parameters[0]), k->args);
  Context *c = current;
  of(s)->push([=] { return c->launch(k, args.data(), {gx, gy, gz}, shared); });
  return CUDA_SUCCESS;
}

CUresult cuStreamBeginCapture_v2(CUstream s, CUstreamCaptureMode) {
  ENTER_CONTEXT;
  if (!setting("CAPTURE", 1)) return CUDA_ERROR_NOT_SUPPORTED;
  if (of(s)->capture) return CUDA_ERROR_ILLEGAL_STATE;
  of(s)->capture = new Graph{};
  of(s)->spoilt = false;
  return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream s, CUgraph *g) {
  ENTER_CONTEXT;
  *g = nullptr;
  Graph *made = of(s)->capture;
  if (!made) return CUDA_ERROR_ILLEGAL_STATE;
  of(s)->capture = nullptr;
  if (of(s)->spoilt) {
    delete made;
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  }
  *g = reinterpret_cast<CUgraph>(made);
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *e, CUgraph g, unsigned long long) {
  ENTER_CONTEXT;
  *e = reinterpret_cast<CUgraphExec>(new Graph(*reinterpret_cast<Graph *>(g)));
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec e, CUstream s) {
  ENTER_CONTEXT;
  for (auto &w : reinterpret_cast<Graph *>(e)->works) of(s)->push(w);
  return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec e) {
  ENTER;
  delete reinterpret_cast<Graph *>(e);
  return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph g) {
  ENTER;
  delete reinterpret_cast<Graph *>(g);
  return CUDA_SUCCESS;
}

} // extern "C"
