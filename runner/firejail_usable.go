//go:build linux

package runner

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// firejailGrants are the capabilities that firejail takes: with any one of them out of the
// bounding set it fails, in a container as on a host. All but the first two are in the
// default set of Docker.
var firejailGrants = []struct {
	name string
	bit  uint
	// but are the modes that do without.
	but policy.NetworkMode
}{
	{"SYS_ADMIN", unix.CAP_SYS_ADMIN, ""},
	{"NET_ADMIN", unix.CAP_NET_ADMIN, policy.NetworkHost},
	{"CHOWN", unix.CAP_CHOWN, ""},
	{"DAC_OVERRIDE", unix.CAP_DAC_OVERRIDE, ""},
	{"FOWNER", unix.CAP_FOWNER, ""},
	{"MKNOD", unix.CAP_MKNOD, ""},
	{"SETGID", unix.CAP_SETGID, ""},
	{"SETUID", unix.CAP_SETUID, ""},
	{"SETPCAP", unix.CAP_SETPCAP, ""},
}

// FirejailProblems are the reasons why firejail cannot enforce a policy for this
// caller. mode is the policy's network mode, or "" for any.
func (h Host) FirejailProblems(mode policy.NetworkMode) []Problem {
	problems := append([]Problem(nil), h.Firejail.Problems...)
	if h.Landlock < 1 {
		problems = append(problems, Problem{
			Message: "this kernel has no Landlock", Found: "Linux " + h.Kernel,
			Expected: "Linux 5.13 or later, with landlock in the lsm= list of its command line",
		})
	}
	if h.Caller.NoNewPrivs {
		problems = append(problems, Problem{
			Message: "the caller has no_new_privs, so the SUID bit of firejail does nothing",
			Found:   "NoNewPrivs 1", Expected: "NoNewPrivs 0",
			Instead: []string{"in Kubernetes: allowPrivilegeEscalation: true", "in Docker: no --security-opt no-new-privileges"},
		})
	}
	if h.Caller.Unnamed && h.Caller.UID != 0 {
		problems = append(problems, Problem{
			Message: "firejail refuses a user that it cannot look up",
			Found:   fmt.Sprintf("no entry for the caller's uid %d in /etc/passwd", h.Caller.UID), Expected: "an entry",
		})
	}
	if f := h.Firejail; !h.Caller.KernelThreads && f.Version != "" && !f.believesContainer() {
		problems = append(problems, Problem{
			Message:  "firejail would start this program without any sandbox",
			Found:    "no kernel thread among PIDs 1-10 (a container), firejail " + f.Version,
			Expected: "a host, or one of firejail " + believingFirejails(),
			Instead:  []string{"start the container with the host's PID namespace (docker run --pid=host)"},
		})
	}
	if p, missing := h.missingGrants(mode); missing {
		problems = append(problems, p)
	}
	return problems
}

// missingGrants is the problem of a caller that firejail cannot have its capabilities from.
func (h Host) missingGrants(mode policy.NetworkMode) (p Problem, missing bool) {
	var names, options []string
	for _, grant := range firejailGrants {
		if grant.but != "" && grant.but == mode || h.Caller.Bounding&(1<<grant.bit) != 0 {
			continue
		}
		names = append(names, "CAP_"+grant.name)
		options = append(options, "--cap-add "+grant.name)
	}
	if len(names) == 0 {
		return Problem{}, false
	}
	p = Problem{
		Message: "firejail cannot get the capabilities that it takes", Found: h.describeCaller(),
		Expected: strings.Join(byThree(names, ", "), ",\n") + " in the capability bounding set",
		Instead:  byThree(append([]string{"grant the container:"}, options...), " "),
	}
	if !h.Caller.KernelThreads {
		p.Message = "firejail would start this program without any sandbox"
		p.Instead = append(p.Instead, "and on hosts with AppArmor: --security-opt apparmor=unconfined")
	}
	return p, true
}

// byThree gives lines of three words, which fit where refusals are read.
func byThree(words []string, separator string) (lines []string) {
	for three := range slices.Chunk(words, 3) {
		lines = append(lines, strings.Join(three, separator))
	}
	return lines
}

// firejailLibraries are what firejail's helper programs are linked to. They run
// inside the sandbox while firejail sets it up (fseccomp, in seccomp.c).
var firejailLibraries = []string{"/usr/lib", "/usr/lib64"}

// checkFirejailHelpers refuses a policy under which firejail cannot start.
func checkFirejailHelpers(p *policy.Policy) error {
	for _, dir := range firejailLibraries {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if d := p.Decide(policy.Access{Kind: policy.AccessMap, Target: dir}); !d.Allowed {
			r := refuse("the policy hides the libraries of firejail's own helper programs")
			r.Found, r.Expected = d.Because, "map "+dir+", as they run inside the sandbox while it is set up"
			r.Instead = []string{`add "/usr/lib", "/usr/lib64?" to [filesystem] map`}
			return r
		}
	}
	return nil
}

func (h Host) describeCaller() string {
	if h.Caller.KernelThreads {
		return fmt.Sprintf("bounding set %s", h.Caller.Bounding)
	}
	return fmt.Sprintf("no kernel thread among PIDs 1-10 (a container), bounding set %s", h.Caller.Bounding)
}
