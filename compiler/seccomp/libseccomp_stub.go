//go:build !linux || !cgo || !libseccomp

package seccomp

// LinkedLibrary returns the version of libseccomp in this program, and whether there
// is one.
func LinkedLibrary() (version LibraryVersion, ok bool) { return LibraryVersion{}, false }

func writeByLibrary(libraryFilter) (Program, error) { return nil, &LibraryMissingError{} }
