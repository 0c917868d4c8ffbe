//go:build linux

// Package change says what doctoredrunsc does differently from runsc. The tests write
// a change, the double reads it.
package change

import "encoding/json"

// Change is what one launch does differently; the zero value changes nothing.
type Change struct {
	// Version is what --version prints; empty is that of the release that confine knows.
	Version string `json:"version,omitempty"`
	// HangVersion and HangRun make --version and run sleep for ever.
	HangVersion bool `json:"hang_version,omitempty"`
	HangRun     bool `json:"hang_run,omitempty"`
	// Exit ends run at once with a code, and Platforms with an error of runsc's for
	// each of these platforms.
	Exit      *int     `json:"exit,omitempty"`
	Platforms []string `json:"platforms,omitempty"`

	// Bare starts what --exec-fd says on the host's kernel, as wrappers do that fall back
	// to no sandbox. With Family it gets the processes around it that a sandbox has.
	Bare   bool `json:"bare,omitempty"`
	Family bool `json:"family,omitempty"`

	// DropFlags and AddFlags change the global flags.
	DropFlags []string `json:"drop_flags,omitempty"`
	AddFlags  []string `json:"add_flags,omitempty"`

	// DropRunFlags and AddRunFlags change those of the command run.
	DropRunFlags []string `json:"drop_run_flags,omitempty"`
	AddRunFlags  []string `json:"add_run_flags,omitempty"`

	// Config replaces parts of config.json; a key is the way to the part, with dots:
	// "root.readonly". A part that is not there yet is added.
	Config map[string]json.RawMessage `json:"config,omitempty"`
	// DropMounts are destinations whose mounts are left out, and AddMounts come last.
	DropMounts []string          `json:"drop_mounts,omitempty"`
	AddMounts  []json.RawMessage `json:"add_mounts,omitempty"`
	// Mounts changes mounts, by their destination.
	Mounts map[string]Mount `json:"mounts,omitempty"`
	// DropNamespace leaves a namespace out.
	DropNamespace string `json:"drop_namespace,omitempty"`
	// Limits replaces entries of process.rlimits, or adds them, by type; -1 is no limit.
	Limits map[string]int64 `json:"limits,omitempty"`
	// Skeleton makes files in the bundle that are not of the policy's, or directories
	// where a slash comes last. Links makes links, in place of what is there.
	Skeleton []string          `json:"skeleton,omitempty"`
	Links    map[string]string `json:"links,omitempty"`
	// Modes changes permissions in the bundle.
	Modes map[string]uint32 `json:"modes,omitempty"`

	// Place opens files at descriptors that runsc inherits.
	Place map[int]string `json:"place,omitempty"`
	// Swap exchanges stdout and stderr.
	Swap bool `json:"swap,omitempty"`
	// Order and Controls replace parts of the files for the stage.
	Order    map[string]json.RawMessage `json:"order,omitempty"`
	Controls map[string]json.RawMessage `json:"controls,omitempty"`
	// Environment is that of runsc.
	Environment []string `json:"environment,omitempty"`
	// Child starts runsc as a child instead of becoming it.
	Child bool `json:"child,omitempty"`

	// Seen leaves the double where the runner finds it. Otherwise the real runsc is put
	// back once the double runs, so that what is refused is not refused for the file.
	Seen bool `json:"seen,omitempty"`
}

// Mount changes one mount of config.json.
type Mount struct {
	Source  string   `json:"source,omitempty"`
	Type    string   `json:"type,omitempty"`
	Drop    []string `json:"drop,omitempty"`
	Add     []string `json:"add,omitempty"`
	Options []string `json:"options,omitempty"`
}
