// Races: two threads touch the same memory, one of them writes, and no barrier
// lies between. A fixed order of threads hides most of them, so they are looked
// for by themselves: kernels compiled with -fsanitize=thread tell of every
// access (see race.cpp), and what the hardware does by itself is told here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace emu {

#ifdef EMU_RACES
constexpr bool races = true;
#else
constexpr bool races = false; // nothing is looked for, and nothing below is called
#endif

enum class Access { read, write, atomic, matrix }; // matrix: by products of a warpgroup

// touch says that the running thread reads or writes memory of its block's
// shared memory or of the device; where that is a race, the kernel fails.
void touch(const void *at, size_t bytes, Access, const void *code);

// begin_copy and end_copy enclose an asynchronous copy of the running thread,
// during which nobody may look at its destination.
void begin_copy(const void *at, size_t bytes);
void end_copy(const void *at, size_t bytes);

void race_launch();       // all that was touched before is over
void race_block();        // another block begins
void race_barrier();      // all threads of the block have met
void race_warp(int warp); // the lanes of a warp have met
void race_fence();        // the running thread lets products see what it wrote

void race_memory(const char *begin, size_t bytes, bool there); // memory of the device

} // namespace emu
