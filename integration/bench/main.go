//go:build linux

// Command bench measures what confine adds to the tool that it launches: both start the
// same static program under the same profile or bundle, in turns, and the figure is the
// ratio of their times. It also measures what connections through a gateway cost, what those
// of a confined program do, and confine lint. It needs root and what make setup installs.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const account = "confine-connector"

// variant is one way to start the program.
type variant struct {
	name    string
	command func() *exec.Cmd
	times   []time.Duration
}

func main() {
	rounds := flag.Int("rounds", 30, "how often each variant runs")
	confine := flag.String("confine", "bin/confine", "the binary to measure")
	gateway := flag.Bool("gateway", false, "measure the gateway alone")
	egress := flag.Bool("egress", false, "measure the connections of a confined program alone")
	lint := flag.Bool("lint", false, "measure confine lint alone")
	flag.Parse()
	measure := func() error { return withSubject(*confine, func(s *subject) error { return s.all(*rounds) }) }
	switch {
	case *egress:
		measure = func() error { return withSubject(*confine, func(s *subject) error { return s.benchEgress(*rounds) }) }
	case *gateway:
		measure = func() error { return benchGateway(*rounds) }
	case *lint:
		measure = func() error { return benchLint(*rounds, *confine) }
	}
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// withSubject makes what is measured, and takes it away at the end.
func withSubject(confine string, measure func(*subject) error) error {
	dir, err := os.MkdirTemp("/srv", "confine-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	s, err := newSubject(dir, confine)
	if err != nil {
		return err
	}
	defer s.clean()
	return measure(s)
}

func (s *subject) all(rounds int) error {
	for _, backend := range []struct {
		name    string
		prepare func() ([]variant, error)
	}{{"firejail", s.firejail}, {"gvisor", s.gvisor}, {"native", s.native}} {
		variants, err := backend.prepare()
		if err != nil {
			return err
		}
		for round := range rounds + 1 {
			for i := range variants {
				elapsed, err := measure(variants[i].command())
				if err != nil {
					return fmt.Errorf("%s: %w", variants[i].name, err)
				}
				// The first round warms the caches.
				if round > 0 {
					variants[i].times = append(variants[i].times, elapsed)
				}
			}
		}
		report(backend.name+": start to end of a program", "ms", variants)
	}
	if err := benchLint(rounds, s.confine); err != nil {
		return err
	}
	if err := s.benchEgress(rounds); err != nil {
		return err
	}
	return benchGateway(rounds)
}

func measure(cmd *exec.Cmd) (time.Duration, error) {
	// A pipe: of /dev/null, runsc would take the ownership.
	cmd.Stdin = strings.NewReader("")
	started := time.Now()
	out, err := cmd.CombinedOutput()
	elapsed := time.Since(started)
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return elapsed, nil
}

const policyText = `schema = 1
name = "bench"
[filesystem]
exec = ["DIR/program"]
map = ["/usr/lib", "/usr/lib64?"]
tmp = ["/tmp"]
links = { "/bin" = "/usr/bin", "/lib" = "/usr/lib", "/lib64" = "/usr/lib64", "/sbin" = "/usr/sbin" }
proc = "self"
dev = "minimal"
[process]
directory = "DIR/program"
[[accept]]
backend = "gvisor"
clause = "filesystem.map"
reason = "nothing is in it that this program could start"
until = 2999-12-31
[[accept]]
backend = "native"
clause = "filesystem.map"
reason = "the program maps nothing"
until = 2999-12-31
`

// subject is what all variants start, and the policy for it.
type subject struct {
	dir, confine, program, policy string
	credential                    *syscall.Credential
	// state is where plain runs of runsc keep their state, and runs counts them.
	state string
	runs  int
}

func newSubject(dir, confine string) (*subject, error) {
	confine, err := filepath.Abs(confine)
	if err != nil {
		return nil, err
	}
	s := &subject{
		dir: dir, confine: confine, program: filepath.Join(dir, "program", "nothing"), policy: filepath.Join(dir, "bench.toml"),
		state: filepath.Join(dir, "state"),
	}
	source := filepath.Join(dir, "nothing.go")
	for path, text := range map[string]string{
		source:   "package main\n\nfunc main() {}\n",
		s.policy: strings.ReplaceAll(policyText, "DIR", dir),
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if err := do("go", "build", "-trimpath", "-o", s.program, source); err != nil {
		return nil, err
	}
	s.credential, err = credentialOf(account)
	return s, err
}

// do runs a command of the preparation.
func do(args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return nil
}

// clean takes away what runsc leaves mounted in its state.
func (s *subject) clean() {
	_ = syscall.Unmount(filepath.Join(s.state, "null-netns"), syscall.MNT_DETACH)
}

// asUser starts a command as the connector's user.
func (s *subject) asUser(args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = "/"
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
		return cmd
	}
}

// run starts confine, by root and by the user.
func (s *subject) run(backend string) []variant {
	args := []string{s.confine, "run", "--quiet", "--backend", backend, "--policy", s.policy}
	root := append(append([]string{}, args...), "--user", account, "--", s.program)
	return []variant{
		{name: "confine run, by root", command: func() *exec.Cmd { return exec.Command(root[0], root[1:]...) }},
		{name: "confine run, by the user", command: s.asUser(append(args, "--", s.program)...)},
	}
}

func (s *subject) firejail() ([]variant, error) {
	bundle := filepath.Join(s.dir, "firejail")
	if err := do(s.confine, "compile", s.policy, "-o", bundle); err != nil {
		return nil, err
	}
	launched := filepath.Join(bundle, "launched.profile")
	patient, err := with(launched, "deterministic-shutdown")
	if err != nil {
		return nil, err
	}
	variants := []variant{{name: "firejail, same profile", command: s.asUser("/usr/bin/firejail", "--quiet", "--profile="+launched, s.program)}}
	return append(append(variants, s.run("firejail")...),
		// What a profile needs to end orphans, which confine does itself.
		variant{name: "firejail, and deterministic-shutdown", command: s.asUser("/usr/bin/firejail", "--quiet", "--profile="+patient, s.program)},
		variant{name: "firejail --noprofile", command: s.asUser("/usr/bin/firejail", "--quiet", "--noprofile", s.program)},
		variant{name: "no sandbox", command: s.asUser(s.program)},
	), nil
}

func (s *subject) gvisor() ([]variant, error) {
	bundle := filepath.Join(s.dir, "gvisor")
	if err := do(s.confine, "compile", s.policy, "--backend", "gvisor", "--root", "/", "-o", bundle, "--", s.program); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(bundle, "flags.json"))
	if err != nil {
		return nil, err
	}
	var flags []string
	if err := json.Unmarshal(data, &flags); err != nil {
		return nil, err
	}
	plain := func() *exec.Cmd {
		s.runs++
		args := append(append([]string{"--root=" + s.state}, flags...), "run", "--bundle="+bundle, "bench-"+strconv.Itoa(s.runs))
		return exec.Command("/usr/local/bin/runsc", args...)
	}
	return append([]variant{{name: "runsc run, same bundle", command: plain}}, s.run("gvisor")...), nil
}

// with copies a profile and adds a line.
func with(profile, line string) (string, error) {
	data, err := os.ReadFile(profile)
	if err != nil {
		return "", err
	}
	path := strings.TrimSuffix(profile, ".profile") + "." + line + ".profile"
	return path, os.WriteFile(path, append(data, line+"\n"...), 0o644)
}

func credentialOf(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("%w: run make setup first", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}

// native has nothing to compare with but no sandbox.
func (s *subject) native() ([]variant, error) {
	return append([]variant{{name: "no sandbox", command: s.asUser(s.program)}}, s.run("native")...), nil
}

// report prints medians in ms or us, and the ratio of each to the first variant.
func report(title, unit string, variants []variant) {
	fmt.Printf("%-43s %8s %8s %8s %7s\n", title, "min "+unit, "median", "max", "ratio")
	reference := median(variants[0].times)
	of := map[string]time.Duration{"ms": time.Millisecond, "us": time.Microsecond}[unit]
	in := func(d time.Duration) float64 { return float64(d) / float64(of) }
	for _, v := range variants {
		m := median(v.times)
		fmt.Printf("  %-41s %8.1f %8.1f %8.1f %7.2f\n", v.name, in(v.times[0]), in(m), in(v.times[len(v.times)-1]), float64(m)/float64(reference))
	}
}

func median(times []time.Duration) time.Duration {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times[len(times)/2]
}
