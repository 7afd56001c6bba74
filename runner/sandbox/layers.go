package sandbox

// A Layer is one thing that keeps programs in Host where they belong.
type Layer struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	Detail string `json:"detail"` // what it does here, or why it is not there
	Next   string `json:"next"`   // what to do about it; empty where nothing can or need be done
}
