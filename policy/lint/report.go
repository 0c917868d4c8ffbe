package lint

import (
	"fmt"

	"confine/policy"
)

// Report is what a run found.
type Report struct {
	// Findings are sorted by place, with those that comments allow.
	Findings []Finding
	// Policies is how many were looked at.
	Policies int
	Search
	// Settings is the file that was asked for settings, or empty.
	Settings string
	// Doubts are what the settings say without effect.
	Doubts policy.Diagnostics
	// Off are the codes of the rules that nobody asked, and OffForPaths those that were not
	// asked of some paths.
	Off, OffForPaths []string
	// Ignored are what those rules would have found.
	Ignored []Finding
	// Version is that of confine, for formats that have a place for it.
	Version string
}

// Search is what the directories of a run hold beside the policies that are looked at.
type Search struct {
	// PassedOver are TOML files that are no policies, and tests of none.
	PassedOver []string
	// Excluded are files and directories that the settings leave out.
	Excluded []string
	// Links are symbolic links to directories: they are not followed.
	Links []string
	// OtherSettings are files of settings that this run does not use.
	OtherSettings []string
}

// Shown gives the findings that no comment allows.
func (r *Report) Shown() []Finding {
	var shown []Finding
	for _, f := range r.Findings {
		if f.Suppressed == nil {
			shown = append(shown, f)
		}
	}
	return shown
}

// Counts are how many findings there are of each severity, and how many are allowed.
type Counts struct {
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Infos      int `json:"infos"`
	Suppressed int `json:"suppressed"`
}

// Counts counts the findings.
func (r *Report) Counts() Counts {
	var c Counts
	for _, f := range r.Findings {
		switch {
		case f.Suppressed != nil:
			c.Suppressed++
		case f.Rule.Severity == Error:
			c.Errors++
		case f.Rule.Severity == Warning:
			c.Warnings++
		default:
			c.Infos++
		}
	}
	return c
}

// Fails reports whether a finding is at least as severe as the bar; a nil bar is never
// reached. A file that is not valid fails any run.
func (r *Report) Fails(bar *Severity) bool {
	for _, f := range r.Shown() {
		if f.Rule == &invalidFile || bar != nil && f.Rule.Severity >= *bar {
			return true
		}
	}
	return false
}

// ParseSeverity reads the name of a bar: error, warning, info, or never, which is nil.
func ParseSeverity(name string) (*Severity, error) {
	for _, s := range []Severity{Info, Warning, Error} {
		if s.String() == name {
			return &s, nil
		}
	}
	if name == "never" {
		return nil, nil
	}
	return nil, fmt.Errorf("unknown severity %q: expected error, warning, info or never", name)
}
