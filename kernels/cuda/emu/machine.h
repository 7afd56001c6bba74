// The emulated machine: memory, streams, events and graphs.
#pragma once
#include "block.h"

#include <cuda.h>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace emu {

// Environment variables say what machine it is.
long setting(const char *name, long otherwise);

// Memory whose end lies at a page that cannot be touched. Its bytes begin as
// 0xff, NaN for floats.
struct Memory {
  char *mapping;
  size_t mapped, size;
};
char *take_memory(size_t bytes, Memory &);
void give_back(const Memory &);

using Work = std::function<CUresult()>;

struct Graph { std::vector<Work> works; };

// A stream is what was queued and has not run: nothing runs before somebody
// waits for it, so that a wait that was forgotten shows.
struct Stream {
  struct Context *context;
  std::deque<Work> queue;
  uint64_t queued = 0, done = 0;
  Graph *capture = nullptr;
  bool spoilt = false; // the capture

  void push(Work);
  CUresult run_until(uint64_t count);
};

struct Event {
  Stream *stream = nullptr;
  uint64_t count = 0;    // of the stream when recorded
  double when = 0;       // milliseconds
};

struct Context {
  int device;
  size_t limit, used = 0;
  long launches_left; // before an injected failure; negative: none
  CUresult lost = CUDA_SUCCESS;
  std::vector<Stream *> streams;
  std::map<uintptr_t, Memory> memory, pinned;
  uint64_t launched = 0;

  CUresult run_all();
  CUresult launch(const Kernel *, const void *args, Dim grid, size_t shared);
  bool capturing() const;
};

// run_grid runs all blocks on the host's processors; false, and a line on
// stderr, if the kernel is wrong.
bool run_grid(const Launch &, std::string &message);

bool in_memory(const std::map<uintptr_t, Memory> &, uintptr_t at, size_t bytes);

} // namespace emu
