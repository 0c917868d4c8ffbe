//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"confine/policy"
)

// checkHostPaths compares the policy's paths and links with the root file system. A policy
// names real paths: one that leads elsewhere would allow what nobody reviewed.
func checkHostPaths(root string, fs policy.Filesystem) error {
	for _, link := range fs.Links {
		if err := checkLink(root, link); err != nil {
			return err
		}
	}
	for _, e := range fs.Entries {
		if err := checkEntry(root, fs, e); err != nil {
			return err
		}
	}
	return nil
}

// checkLink accepts a link that leads where the policy says, and no file at all.
func checkLink(root string, link policy.Link) error {
	if _, err := os.Lstat(filepath.Join(root, link.From)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	found, err := resolveIn(root, link.From)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return refuse("follow %s: %v", link.From, err)
	}
	want, err := resolveIn(root, link.To)
	if err == nil && found == want && want == link.To {
		return nil
	}
	r := refuse("this host has another %s than the policy%s", link.From, where(link.At))
	r.Found, r.Expected = link.From+" leads to "+found, "a link to "+link.To
	r.Instead = []string{fmt.Sprintf("%q = %q in [filesystem] links, if that is right for every host of this policy", link.From, found)}
	return r
}

func checkEntry(root string, fs policy.Filesystem, e policy.PathEntry) error {
	if !required(fs, e) {
		return nil
	}
	found, err := resolveIn(root, e.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if e.Optional {
			return nil
		}
		r := refuse("a path that the policy requires is missing%s", where(e.At))
		r.Found, r.Expected = "no "+e.Path, string(e.Mode)+" "+e.Path
		r.Instead = []string{`write "` + e.Path + `?" if it may be missing`}
		return r
	case errors.Is(err, os.ErrPermission):
		// Only root sees into every directory; the stage looks again as the user.
		return nil
	case err != nil:
		return refuse("look at %s%s: %v", e.Path, where(e.At), err)
	case found != e.Path:
		r := refuse("a path of the policy leads elsewhere on this host%s", where(e.At))
		r.Found, r.Expected = e.Path+" leads to "+found, "a path without symbolic links"
		r.Instead = []string{`write "` + found + `", and the link in [filesystem] links`}
		return r
	}
	return nil
}

// required reports whether an entry is about something that has to be on the
// host. What hides inside a visible directory must be there to be closed: mounted
// over is only what exists when the sandbox starts.
func required(fs policy.Filesystem, e policy.PathEntry) bool {
	switch e.Mode {
	case policy.ModeAbsent:
		return false
	case policy.ModeHide:
		_, nested := fs.Entry(filepath.Dir(e.Path))
		return nested
	}
	return true
}

// chooseDirectory returns the working directory, which the policy has to allow.
func chooseDirectory(root string, p *policy.Policy) (string, error) {
	directory, at := p.Process.Directory, p.Process.DirectoryAt
	if directory == "" && root != "/" {
		r := refuse("the caller's directory is none of the root file system")
		r.Found, r.Expected = "--root "+root, "a working directory in it"
		r.Instead = []string{"set [process] directory"}
		return "", r
	}
	if directory == "" {
		current, err := os.Getwd()
		if err == nil {
			directory, err = filepath.EvalSymlinks(current)
		}
		if err != nil {
			r := refuse("the working directory cannot be looked at")
			r.Found, r.Expected = err.Error(), "a directory that the caller may open"
			r.Instead = []string{"start from another directory, or set [process] directory"}
			return "", r
		}
	}
	for _, e := range p.Filesystem.Entries {
		if e.Mode == policy.ModeTmp && strings.HasPrefix(directory, e.Path+"/") {
			r := refuse("the working directory does not exist in the sandbox%s", where(at))
			r.Found = fmt.Sprintf("%s, below tmp %s (%s), which starts empty", directory, e.Path, e.At)
			r.Expected = "a directory that the policy lets the program read"
			r.Instead = []string{"start from an allowed directory, or set [process] directory"}
			return "", r
		}
	}
	if d := p.Decide(policy.Access{Kind: policy.AccessRead, Target: directory}); !d.Allowed {
		r := refuse("the policy does not allow the working directory%s", where(at))
		r.Found, r.Expected = directory+": "+d.Because, "a directory that the policy lets the program read"
		r.Instead = []string{"start from an allowed directory, or set [process] directory"}
		return "", r
	}
	return directory, nil
}
