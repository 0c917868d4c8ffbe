//go:build linux

package integration

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const firejailImage = "connector-firejail"

// withoutNetwork and withNetwork are what firejail takes of docker run, for a policy with
// mode = "host" and for any.
var (
	withNetwork    = []string{"--cap-add", "SYS_ADMIN"}
	withoutNetwork = append([]string{"--cap-add", "NET_ADMIN"}, withNetwork...)
)

// dockersOwn are the capabilities that firejail takes of those that Docker gives by default.
var dockersOwn = []string{"CHOWN", "DAC_OVERRIDE", "FOWNER", "MKNOD", "SETGID", "SETUID", "SETPCAP"}

// packagesBase is the base image with a mirror of Debian in it, since there is no network here.
func (d dockerEngine) packagesBase(t *testing.T) string {
	t.Helper()
	const image = baseImage + "-packages"
	dir := tree(t)
	packages, _ := filepath.Glob(imagesHome + "/packages/*")
	if len(packages) == 0 {
		t.Fatal("no packages: run scripts/setup images first")
	}
	for _, path := range packages {
		copyFile(t, path, filepath.Join(dir, filepath.Base(path)), 0o644)
	}
	dockerfile := file(t, filepath.Join(dir, "Dockerfile"), "FROM "+baseImage+`
USER root
COPY *.deb Packages /srv/packages/
RUN echo 'deb [trusted=yes] file:/srv/packages ./' >/etc/apt/sources.list
USER airbyte
`, 0o644)
	finish(t, d.cmd("build", "--network", "none", "--tag", image, "--file", dockerfile, dir)).must(t, 0)
	return image
}

// only gives docker run some capabilities and no other.
func only(names ...string) []string {
	options := []string{"--cap-drop", "ALL"}
	for _, name := range names {
		options = append(options, "--cap-add", name)
	}
	return options
}

// runsInFirejail: the image with firejail in it does what its base does where it was granted what
// firejail takes, a hostile connector finds closed what it finds closed elsewhere, and without the
// grants nothing runs.
func (d dockerEngine) runsInFirejail(t *testing.T) {
	base := d.packagesBase(t)
	d.build(t, "Dockerfile.firejail", base, readText(t, "images/policy.toml"), firejailImage).must(t, 0)
	t.Run("refused build", func(t *testing.T) {
		const rooted = baseImage + "-rooted"
		container := strings.TrimSpace(finish(t, d.cmd("create", "--network", "none", base)).must(t, 0).stdout)
		finish(t, d.cmd("commit", "--change", "USER root", container, rooted)).must(t, 0)
		finish(t, d.cmd("rm", container)).must(t, 0)
		o := d.build(t, "Dockerfile.firejail", rooted, readText(t, "images/policy.toml"), "refused")
		if o.code == 0 || !strings.Contains(o.stdout+o.stderr, "the USER of the base image is not airbyte") {
			t.Errorf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
		}
	})
	t.Run("identity", func(t *testing.T) {
		if got := finish(t, d.cmd("inspect", "--format", "{{.Config.User}} {{.Config.WorkingDir}}", firejailImage)).must(t, 0).stdout; got != "airbyte /airbyte\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("runs", func(t *testing.T) {
		bare := d.runsBare(t)
		for _, s := range []struct {
			name    string
			options []string
		}{
			{"granted", withNetwork},
			{"another group", append([]string{"--user", "1000:0"}, withNetwork...)},
			{"nothing else", only(append([]string{"SYS_ADMIN"}, dockersOwn...)...)},
			{"read-only", append([]string{"--read-only", "--tmpfs", "/run:mode=755"}, withNetwork...)},
		} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				d.runsAsBare(t, firejailImage, "firejail", s.options, bare)
			})
		}
		t.Run("entry point", func(t *testing.T) {
			t.Parallel()
			d.runsByEntryPoint(t, firejailImage, withNetwork, bare)
		})
	})
	t.Run("refused", d.refusesFirejail)
	t.Run("doctor", d.namesGrants)
	t.Run("attacks", func(t *testing.T) {
		const image = firejailImage + "-offline"
		d.build(t, "Dockerfile.firejail", base, readText(t, "images/policy.toml")+"\n[network]\nmode = \"none\"\n", image).must(t, 0)
		d.resists(t, image, "firejail", withoutNetwork)
		wants(t, d.run(t, image, "none", withNetwork, "spec").must(t, 125), "nothing ran", "--cap-add NET_ADMIN")
	})
	t.Run("hosts by name", func(t *testing.T) {
		const image = firejailImage + "-named"
		d.build(t, "Dockerfile.firejail", base, namedPolicy+"\n[process]\nuser = \"airbyte\"\n", image).must(t, 0)
		d.resists(t, image, "firejail", withoutNetwork)
		options := append([]string{"--user", "0", "--entrypoint", "/bin/sh", "--volume", probe + ":/usr/local/bin/probe:ro"}, withoutNetwork...)
		const try = "connect " + metadataAddress + ":80"
		o := d.run(t, image, "host", options, "-c", entrypoint("firejail")+"/usr/local/bin/probe '"+try+"'").must(t, 0)
		if got := answers(t, o.stdout)[try]; got == "ok" || got == "" || !strings.Contains(o.stderr, "confine: firejail ") {
			t.Errorf("%s: %q\n%s", try, got, o.stderr)
		}
	})
}

// refusesFirejail: where firejail would run the connector bare, or fail, nothing runs, and what is
// said names the option.
func (d dockerEngine) refusesFirejail(t *testing.T) {
	type refusal struct {
		name    string
		options []string
		says    []string
	}
	bare := "firejail would start this program without any sandbox"
	all := append([]string{"SYS_ADMIN"}, dockersOwn...)
	rows := []refusal{
		{"default", nil, []string{bare, "--cap-add SYS_ADMIN\n", "apparmor=unconfined"}},
		{"the host's processes", []string{"--pid", "host"}, []string{"--cap-add SYS_ADMIN"}},
		{"no capabilities", only(), []string{bare, "--cap-add SYS_ADMIN --cap-add CHOWN\n"}},
		{"no new privileges", append([]string{"--security-opt", "no-new-privileges"}, withNetwork...), []string{"no_new_privs"}},
		{"read-only", append([]string{"--read-only", "--tmpfs", "/tmp"}, withNetwork...), []string{"firejail cannot write /run/firejail", "--tmpfs /run:mode=755"}},
		{"a uid without a name", append([]string{"--user", "4321"}, withNetwork...), []string{"a user that it cannot look up"}},
	}
	for i, name := range all {
		rows = append(rows, refusal{"without " + name, only(slices.Delete(slices.Clone(all), i, i+1)...), []string{bare, "--cap-add " + name + "\n"}})
	}
	for _, tc := range rows {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			wants(t, d.run(t, firejailImage, "none", tc.options, "spec").must(t, 125), append(tc.says, "nothing ran")...)
		})
	}
}

// namesGrants: confine doctor in such a container says what docker run has to be given.
func (d dockerEngine) namesGrants(t *testing.T) {
	doctor := func(options ...string) string {
		t.Helper()
		return d.run(t, firejailImage, "none", append([]string{"--entrypoint", "/usr/local/bin/confine"}, options...), "doctor").must(t, 0).stdout
	}
	if said := doctor(); !strings.Contains(said, "firejail  no ") || !strings.Contains(said, "--cap-add SYS_ADMIN --cap-add NET_ADMIN\n") {
		t.Errorf("without grants: %s", said)
	}
	if said := doctor(withoutNetwork...); !strings.Contains(said, "firejail  yes ") {
		t.Errorf("with grants: %s", said)
	}
}
