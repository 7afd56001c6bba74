// Package tasks reads task files: what data a benchmark uses, how a document
// becomes a prompt, what is asked of the model and how answers are scored.
//
// The schema is that of lm-evaluation-harness 0.4.13, read as it reads it:
// YAML 1.1 scalars as PyYAML types them, include with shallow merging, and
// !function for fields computed in Python. No Python is run: a function is
// known by its folder, its name and the SHA-256 of its file, and functable.go
// maps it to a Go implementation. Our own files, in builtin, use the same
// schema plus three keys under metadata, which the harness ignores: primary
// (the metric to quote), cluster (what groups dependent documents) and
// loglikelihood_continuation (a second request per document).
//
// A Registry knows tasks, groups and tags by name; Resolve turns what a user
// typed into checked Tasks. Files are outside data: their size, nesting,
// aliases and includes are bounded. docs/tasks.md describes the schema for
// users.
package tasks
