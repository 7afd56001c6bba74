#pragma once
#include <cuda.h>
#include <stddef.h>

// Finds the driver at path, or under its usual name if path is empty, binds
// all functions to it and initialises it. Returns NULL, or what failed: a
// message of the loader, and then *status is 0, or the name of a step, whose
// CUresult is *status. *missing counts functions that the driver lacks.
const char *llamaeval_open(const char *path, char *message, size_t size, int *status, int *missing);

// Launches a kernel whose only parameter is the structure at args.
CUresult llamaeval_launch(CUcontext, CUfunction, const unsigned grid[3], unsigned threads,
                          unsigned shared, CUstream, void *args);

// Loads an image; the compiler's complaints go to log.
CUresult llamaeval_load(CUmodule *, const void *image, char *log, size_t size);
