// Package driver reaches NVIDIA's driver without being linked to it: a program
// built with it starts on any machine, and Open says whether there is a GPU.
//
// Devices, memory, streams, events and modules go through gorgonia.org/cu.
// What that lacks is done here: launches with a structure as their parameter,
// dynamic shared memory, pinned memory, the compiler's log, recorded graphs.
//
// It needs the build tag cuda and the C compiler; without the tag it is empty.
package driver
