// Package llamaeval is the root of the module; the program is
// cmd/llamaeval. See ARCHITECTURE.md.
package llamaeval
