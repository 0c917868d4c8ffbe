package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// Source is the text of one policy file.
type Source struct {
	// File is the name that diagnostics show; no file is opened.
	File string
	// Embedded marks a policy that ships with confine.
	Embedded bool
	Text     []byte
}

// Library holds the policies that extends can name.
type Library interface {
	// Find gives the policy that is called name, for the policy that extends it: the
	// one in the same directory, or else the one that ships with confine. ok is false
	// where there is none; the error is that there is one and it cannot be read.
	Find(from Source, name string) (base Source, ok bool, err error)
	// Names gives what Find would find for a policy, for suggestions.
	Names(from Source) []string
}

// Options are what a policy is resolved with, besides its text.
type Options struct {
	// Library may be nil: then nothing can be extended.
	Library Library
	// Parameters are the values of ${NAME}.
	Parameters map[string]string
	// Memory, if not nil, is shared by resolutions that have bases in common.
	Memory *Memory
	// Inherited keeps what the bases give without the policy, for [Policy.Inherited].
	Inherited bool
	// Unbound leaves a parameter without a value in place, as the text ${NAME}. Such
	// a policy can be checked, shown and compared, and not compiled.
	Unbound bool
}

// Parse reads one policy that stands alone: it is [Resolve] without a library and
// without parameters.
func Parse(file string, src []byte) (*Policy, error) {
	return Resolve(Source{File: file, Text: src}, Options{})
}

// Resolve reads a policy and everything that it extends, and gives the flattened
// policy. The error is a [Diagnostics] that holds everything that is wrong (the
// first hundred places): the policy's own first, then that of its bases, each
// sorted by place. A parameter that no file declares is an error of its own,
// a *[ParameterError].
//
// A policy is flattened by taking the files one after the other, every base
// before what extends it and each only once: the nearest scalar wins, lists are
// united, and an entry of the same path, name or pattern replaces the earlier one.
func Resolve(root Source, o Options) (*Policy, error) {
	r := &reports{memory: o.Memory}
	loaded, whole := load(root, o.Library, r)
	params, err := bind(loaded, o, r, whole)
	if err != nil {
		return nil, err
	}
	for _, d := range loaded {
		d.layer = d.build(params, whole)
	}
	// What is missing or was refused must not be reported again by what refers to it.
	p := flatten(loaded, r, len(r.found) == 0)
	p.File, p.Digest, p.Sources = root.File, digest(loaded, params), sources(loaded)
	p.Params = params.list()
	if len(r.found) == 0 {
		judgeSeals(loaded, p, r)
	}
	if len(r.found) > 0 {
		return nil, r.diagnostics()
	}
	p.places, p.seals = r.places, sealsOf(loaded)
	p.family = familyOf(loaded)
	if o.Inherited && len(loaded) > 1 {
		bases := &reports{places: r.places, values: r.values}
		p.family.inherited = flatten(loaded[:len(loaded)-1], bases, false)
		p.family.inherited.File, p.family.inherited.places = p.File, r.places
	}
	return p, nil
}

// SourceDigest names one file that a policy was made from.
type SourceDigest struct {
	File string `json:"file"`
	// SHA256 of the text, in lower-case hexadecimal.
	SHA256 string `json:"sha256"`
}

// sources gives the digest of every file, the policy itself first.
func sources(loaded []*document) []SourceDigest {
	var out []SourceDigest
	for i := len(loaded) - 1; i >= 0; i-- {
		sum := sha256.Sum256(loaded[i].source.Text)
		out = append(out, SourceDigest{loaded[i].source.File, hex.EncodeToString(sum[:])})
	}
	return out
}

// digest is the SHA-256 of the text where one file is all that there is, so that
// sha256sum(1) gives it too; otherwise that of the list of digests and values.
func digest(loaded []*document, params parameters) string {
	list := sources(loaded)
	if len(list) == 1 && len(params) == 0 {
		return list[0].SHA256
	}
	var b strings.Builder
	for i, s := range list {
		name := s.File
		if i == 0 {
			name = "" // the place of a policy is not a part of it
		}
		fmt.Fprintf(&b, "%s  %s\n", s.SHA256, name[strings.LastIndexByte(name, '/')+1:])
	}
	for _, p := range params.list() {
		fmt.Fprintf(&b, "%s=%s\n", p.Name, p.Value)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// sorted gives the keys of a map in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
