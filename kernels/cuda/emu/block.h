// What the emulated driver needs of emulated blocks.
#pragma once
#include "emu.h"

namespace emu {

struct Launch {
  const Kernel *kernel;
  const void *args;
  Dim grid;
  size_t shared;
  uint64_t seed; // of the order of threads
};

// run_block runs one block on this thread of the system. Where the kernel is
// wrong, message says how; otherwise it is left alone.
void run_block(const Launch &, Dim at, char *message, size_t size);

// Products of warpgroups are off by a unit in the last place.
extern bool inexact_groups;

bool in_block(); // whether this thread of the system is in a kernel

const Kernel *find_kernel(const char *name);

} // namespace emu
