// Package compiler turns a policy into what one backend needs to enforce it.
// It is pure: the same policy and target give the same bytes on any host.
package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"

	"confine/policy"
)

// File is one artifact of a bundle.
type File struct {
	Name string
	Data []byte
}

// Bundle is a compiled policy.
type Bundle struct {
	Target Target
	// Policy and Digest name what was compiled, and Sources the files it was made of.
	Policy, Digest string
	Sources        []policy.SourceDigest
	// FilterGenerator names what wrote the filter of system calls, with its version.
	FilterGenerator string
	// Artifacts are for the backend's tool and for people; sorted by name.
	Artifacts   []File
	Coverage    []Coverage
	Expectation Expectation
	// Mounts are made by a root runner before the wrapper starts.
	Mounts []Mount
	// Skeleton is the root file system that the policy's paths are mounted into, for
	// backends that make one; parents come first.
	Skeleton []Node
	// Unused are the policy's exceptions for this backend that nothing needs.
	Unused []policy.Accept
}

// Node is one file of a skeleton.
type Node struct {
	// Path is absolute, inside the skeleton.
	Path string   `json:"path"`
	Kind NodeKind `json:"kind"`
	// Mode are the permission bits; a link has none.
	Mode uint32 `json:"mode,omitempty"`
	// Target is where a link leads to.
	Target string `json:"target,omitempty"`
	// Text is what a file holds.
	Text string `json:"text,omitempty"`
}

// NodeKind is the type of a node.
type NodeKind string

// The types.
const (
	NodeDirectory NodeKind = "directory"
	NodeFile      NodeKind = "file"
	NodeLink      NodeKind = "link"
)

// Artifact returns the data of one artifact.
func (b *Bundle) Artifact(name string) ([]byte, bool) {
	for _, f := range b.Artifacts {
		if f.Name == name {
			return f.Data, true
		}
	}
	return nil, false
}

type manifest struct {
	Policy     string                `json:"policy"`
	SHA256     string                `json:"policy_sha256"`
	Sources    []policy.SourceDigest `json:"sources"`
	Target     Target                `json:"target"`
	Generator  string                `json:"seccomp_generator"`
	FileSHA256 map[string]string     `json:"files_sha256"`
}

// Files returns everything that compile writes: the artifacts, coverage.json,
// expectation.json with the mounts, skeleton.json where there is one, and manifest.json with the digest of each.
func (b *Bundle) Files() ([]File, error) {
	files := append([]File(nil), b.Artifacts...)
	type part struct {
		name  string
		value any
	}
	parts := []part{
		{"coverage.json", b.Coverage},
		{"expectation.json", struct {
			Expectation
			Mounts []Mount `json:"mounts"`
		}{b.Expectation, b.Mounts}},
	}
	if b.Skeleton != nil {
		parts = append(parts, part{"skeleton.json", b.Skeleton})
	}
	for _, part := range parts {
		data, err := json.MarshalIndent(part.value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", part.name, err)
		}
		files = append(files, File{part.name, append(data, '\n')})
	}
	digests := map[string]string{}
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		digests[f.Name] = hex.EncodeToString(sum[:])
	}
	data, err := json.MarshalIndent(manifest{b.Policy, b.Digest, b.Sources, b.Target, b.FilterGenerator, digests}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest.json: %w", err)
	}
	files = append(files, File{"manifest.json", append(data, '\n')})
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	return files, nil
}
