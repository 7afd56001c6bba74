// Package runner turns a selection of tasks into results. Data flows through
// it once: a task file and its split become documents, documents become
// requests (package prompts), requests become tokens (encode.go), tokens
// become answers (package engine), answers become samples, which are made
// durable one by one in the journal, and samples become scores.
package runner
