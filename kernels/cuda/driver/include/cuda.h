// NVIDIA's header, of any version from 11.8 on, with the meanings that
// gorgonia.org/cu was written for: version 13 gave these names to newer
// functions with other arguments.
#pragma once
#include_next <cuda.h>

#ifdef __cplusplus
extern "C" {
#endif

#if CUDA_VERSION >= 13000
#undef cuCtxCreate
#undef cuMemAdvise
#undef cuMemPrefetchAsync
#undef cuGraphAddDependencies
#undef cuGraphGetEdges
#define cuCtxCreate cuCtxCreate_v2
CUresult cuCtxCreate_v2(CUcontext *, unsigned int flags, CUdevice);
CUresult cuMemAdvise(CUdeviceptr, size_t, CUmem_advise, CUdevice);
CUresult cuMemPrefetchAsync(CUdeviceptr, size_t, CUdevice, CUstream);
CUresult cuGraphAddDependencies(CUgraph, const CUgraphNode *from, const CUgraphNode *to, size_t);
CUresult cuGraphGetEdges(CUgraph, CUgraphNode *from, CUgraphNode *to, size_t *);
#endif

// Drivers older than the header lack its second version.
#ifdef cuEventElapsedTime
#undef cuEventElapsedTime
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
#endif

#ifdef __cplusplus
}
#endif
