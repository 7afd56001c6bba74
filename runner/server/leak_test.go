package server

import (
	"testing"

	"go.uber.org/goleak"
)

// Nothing that a test starts goes on after it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
