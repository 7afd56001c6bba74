package main

import "runtime/debug"

// stamped is the version that the Makefile's builds carry.
var stamped string

// version is the stamped one, else the module's, as `go install` knows it, or
// dev where neither is known.
var version = versionOf(stamped, debug.ReadBuildInfo)

func versionOf(stamped string, build func() (*debug.BuildInfo, bool)) string {
	if stamped != "" {
		return stamped
	}
	if info, ok := build(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
