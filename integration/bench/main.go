//go:build linux

// Command bench measures what confine adds to the wrapper that it launches: both
// start the same static program under the same profile, in turns, and the figure
// is the ratio of their times. It needs root and the system user of make setup.
package main

import (
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
	flag.Parse()
	if err := run(*rounds, *confine); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds int, confine string) error {
	dir, err := os.MkdirTemp("/srv", "confine-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	variants, err := prepare(dir, confine)
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
	report(variants)
	return nil
}

func measure(cmd *exec.Cmd) (time.Duration, error) {
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
`

func prepare(dir, confine string) ([]variant, error) {
	confine, err := filepath.Abs(confine)
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "program", "nothing")
	source := filepath.Join(dir, "nothing.go")
	policy := filepath.Join(dir, "bench.toml")
	for path, text := range map[string]string{
		source: "package main\n\nfunc main() {}\n",
		policy: strings.ReplaceAll(policyText, "DIR", dir),
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	bundle := filepath.Join(dir, "bundle")
	for _, cmd := range []*exec.Cmd{
		exec.Command("go", "build", "-trimpath", "-o", program, source),
		exec.Command(confine, "compile", policy, "-o", bundle),
	} {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
		}
	}
	credential, err := credentialOf(account)
	if err != nil {
		return nil, err
	}
	asUser := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = "/"
			cmd.Env = []string{"PATH=/usr/bin:/bin"}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
			return cmd
		}
	}
	launched := filepath.Join(bundle, "launched.profile")
	patient, err := with(launched, "deterministic-shutdown")
	if err != nil {
		return nil, err
	}
	return []variant{
		{name: "firejail, same profile", command: asUser("/usr/bin/firejail", "--quiet", "--profile="+launched, program)},
		{name: "confine run, by root", command: func() *exec.Cmd {
			return exec.Command(confine, "run", "--quiet", "--policy", policy, "--user", account, "--", program)
		}},
		{name: "confine run, by the user", command: asUser(confine, "run", "--quiet", "--policy", policy, "--", program)},
		// What a profile needs to end orphans, which confine does itself.
		{name: "firejail, and deterministic-shutdown", command: asUser("/usr/bin/firejail", "--quiet", "--profile="+patient, program)},
		{name: "firejail --noprofile", command: asUser("/usr/bin/firejail", "--quiet", "--noprofile", program)},
		{name: "no sandbox", command: asUser(program)},
	}, nil
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

// report prints medians, and the ratio of each to the first variant.
func report(variants []variant) {
	fmt.Printf("%-43s %8s %8s %8s %7s\n", "start to end of a program that does nothing", "min ms", "median", "max", "ratio")
	reference := median(variants[0].times)
	for _, v := range variants {
		m := median(v.times)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		fmt.Printf("  %-41s %8.1f %8.1f %8.1f %7.2f\n", v.name, ms(v.times[0]), ms(m), ms(v.times[len(v.times)-1]), float64(m)/float64(reference))
	}
}

func median(times []time.Duration) time.Duration {
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	return times[len(times)/2]
}
