//go:build cuda && linux

package driver

// #include "shim.h"
import "C"

// A Graph is a sequence of copies and launches that starts with one call.
type Graph struct {
	d    *Device
	exec C.CUgraphExec
}

// Capture records what queue puts into the stream instead of running it.
// queue must not wait, nor take or give back memory.
func (s *Stream) Capture(queue func() error) (*Graph, error) {
	const mode = C.CU_STREAM_CAPTURE_MODE_RELAXED // queue may change threads
	err := s.d.do("cuStreamBeginCapture", func() error { return code(C.cuStreamBeginCapture(s.ptr(), mode)) })
	if err != nil {
		return nil, err
	}
	failure := queue()
	var graph C.CUgraph
	err = s.d.do("cuStreamEndCapture", func() error { return code(C.cuStreamEndCapture(s.ptr(), &graph)) })
	if failure != nil {
		err = failure
	}
	g := &Graph{d: s.d}
	if err == nil {
		err = s.d.do("cuGraphInstantiate", func() error { return code(C.cuGraphInstantiateWithFlags(&g.exec, graph, 0)) })
	}
	if graph != nil {
		if e := s.d.do("cuGraphDestroy", func() error { return code(C.cuGraphDestroy(graph)) }); err == nil {
			err = e
		}
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Replay queues the recorded work, with the arguments and addresses it was
// recorded with.
func (s *Stream) Replay(g *Graph) error {
	return s.d.do("cuGraphLaunch", func() error { return code(C.cuGraphLaunch(g.exec, s.ptr())) })
}

// Close gives the graph back.
func (g *Graph) Close() error {
	return g.d.do("cuGraphExecDestroy", func() error { return code(C.cuGraphExecDestroy(g.exec)) })
}
