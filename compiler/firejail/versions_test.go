package firejail_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"confine/compiler"
	"confine/compiler/firejail"
	"confine/policy"

	"pgregory.net/rapid"
)

func targetOf(v compiler.Version) compiler.Target {
	return compiler.Target{Backend: compiler.Firejail, Version: v, Arch: "x86_64"}
}

// TestVersionsGolden: what every release is told, and what is promised for it.
func TestVersionsGolden(t *testing.T) {
	src, err := os.ReadFile("testdata/versions/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("full.toml", src)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range firejail.Known {
		t.Run(v.String(), func(t *testing.T) {
			b, err := firejail.Compile(p, targetOf(v))
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
				text.WriteString("-- " + name + " --\n" + artifact(t, b, name))
			}
			text.WriteString("-- coverage --\n" + coverageText(b.Coverage))
			golden(t, filepath.Join("versions", v.String()+".golden"), text.String())
		})
	}
}

// TestVersionRefusals: too old, without a directive that is needed, and not measured
// are three answers.
func TestVersionRefusals(t *testing.T) {
	const (
		hole     = "this version of firejail makes any local user root (CVE-2022-31214, closed in 0.9.70)"
		lacking  = "this version of firejail lacks the directive restrict-namespaces, which came with 0.9.72"
		measured = "this version of firejail was not measured, so nothing is known of what it enforces"
	)
	for version, message := range map[string]string{
		"0.0.0": hole, "0.9.52": hole, "0.9.68": hole, "0.9.69": hole,
		"0.9.70": lacking, "0.9.71": lacking,
		"0.9.73": measured, "0.9.77": measured, "0.9.82": measured, "0.10.0": measured, "1.0.0": measured,
	} {
		v, err := compiler.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := firejail.Compile(parse(t, ""), targetOf(v))
		refusals, ok := err.(compiler.Refusals) //nolint:errorlint // the error of a compile is never wrapped
		if !ok || bundle != nil || len(refusals) != 1 {
			t.Fatalf("%s: %v, %v", version, bundle, err)
		}
		r := refusals[0]
		if r.Message != message || r.Clause != "backend" || r.Found != "firejail "+version ||
			r.Expected != "firejail 0.9.72, 0.9.74, 0.9.76, 0.9.78, 0.9.79, 0.9.80, 0.9.81" || (r.Hint == "") != (message == measured) {
			t.Errorf("%s: %+v", version, r)
		}
	}
}

// changed are directives that some release of those that are known lacks, ignores
// or understands in another way; no profile has any, whatever the version.
var changed = []string{
	"apparmor", "cgroup", "hostname", "hostname-randomize", "keep-dev-tpm", "landlock.enforce", "landlock.fs.read",
	"name", "notpm", "overlay", "private-bin", "private-etc", "private-home", "private-lib", "shell", "tracelog",
	"unhide-pid1", "warn", "allow-bwrap", "blacklist-nolog", "bandwidth", "chroot",
}

// TestVersionsAgree: releases differ in what they promise and not in what they are
// told, and their differences are those of the table.
func TestVersionsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		v := rapid.SampledFrom(firejail.Known).Draw(t, "version")
		b, err := firejail.Compile(r.policy, targetOf(v))
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		release, _ := firejail.ReleaseOf(v)
		if b.Expectation.SeccompFilters != release.SeccompFilters {
			t.Fatalf("%s: %d filters are expected, the table says %d", v, b.Expectation.SeccompFilters, release.SeccompFilters)
		}
		for _, name := range []string{firejail.LaunchedProfile, firejail.StandaloneProfile} {
			text := artifact(t, b, name)
			if want := artifact(t, r.bundle, name); text != want {
				t.Fatalf("%s: %s differs:\n%s", v, name, difference(want, text))
			}
			for _, d := range readProfile(text) {
				if slices.Contains(changed, d.word) {
					t.Fatalf("%s: %v in %s", v, d, name)
				}
			}
		}
		checkCoverage(t, r.policy, b.Coverage)
	})
}

// TestHostNames: some releases show their own /etc/hosts, which can be read and no more,
// and which the stage must not take for the host's.
func TestHostNames(t *testing.T) {
	for _, v := range firejail.Known {
		release, _ := firejail.ReleaseOf(v)
		b, err := firejail.Compile(parse(t, "[filesystem]\nread = ['/etc/hosts', '/etc/hosts.allow']\n"), targetOf(v))
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		for _, e := range b.Expectation.Paths {
			if want := release.RewritesHostNames && e.Path == "/etc/hosts"; e.Replaced != want {
				t.Errorf("%s: %s is replaced: %v", v, e.Path, e.Replaced)
			}
		}
		_, err = firejail.Compile(parse(t, "[filesystem]\nwrite = ['/etc/hosts']\n"), targetOf(v))
		if refused := err != nil && strings.Contains(err.Error(), "p.toml:4:10: error: firejail rewrites /etc/hosts"); refused != release.RewritesHostNames {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// TestBubblewrap: some releases put a program of their own in its place.
func TestBubblewrap(t *testing.T) {
	const text = "[filesystem]\nexec = ['/usr/bin/bwrap']\n"
	for _, v := range firejail.Known {
		_, err := firejail.Compile(parse(t, text), targetOf(v))
		release, _ := firejail.ReleaseOf(v)
		if refused := err != nil && strings.Contains(err.Error(), "p.toml:4:9: error: firejail replaces /usr/bin/bwrap"); refused != release.ReplacesBubblewrap {
			t.Errorf("%s: %v", v, err)
		}
	}
}

// What the oldest and the newest release take, every one between them takes: who asks
// these two has asked all.
func TestReleasesBetweenTakeWhatBothEndsTake(t *testing.T) {
	taken := func(p *policy.Policy, v compiler.Version) bool {
		rows, err := firejail.Launched(p, targetOf(v))
		return err == nil && !slices.ContainsFunc(rows, func(row compiler.Coverage) bool { return !row.Launched.Strength.Sufficient() })
	}
	rapid.Check(t, func(t *rapid.T) {
		p := parse(t, tables(drawEntries(t), "none", rapid.SampledFrom([]string{"none", "self"}).Draw(t, "proc"), "minimal"))
		if last := len(firejail.Known) - 1; !taken(p, firejail.Known[0]) || !taken(p, firejail.Known[last]) {
			return
		}
		for _, v := range firejail.Known {
			if !taken(p, v) {
				t.Fatalf("%s does not take it", v)
			}
		}
	})
}

// Launched says what Compile says, but for the use without confine.
func TestLaunchedIsWhatCompileCovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawPolicy(t)
		rows, err := firejail.Launched(r.policy, target)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(r.bundle.Coverage)
		compiler.LaunchedOnly(want)
		if !slices.Equal(rows, want) {
			t.Fatalf("%+v\nexpected %+v", rows, want)
		}
	})
}
