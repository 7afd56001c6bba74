package durable

// SyncDir does nothing: Windows has no call to flush a folder, NTFS journals
// renames.
func (disk) SyncDir(string) error { return nil }
