//go:build linux

package runner

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// containerGrants are what firejail needs where it takes the host for a
// container: the default set of Docker and these.
var containerGrants = []struct {
	name string
	bit  uint
	// but are the modes that do without.
	but policy.NetworkMode
}{
	{"SYS_ADMIN", unix.CAP_SYS_ADMIN, ""},
	{"NET_ADMIN", unix.CAP_NET_ADMIN, policy.NetworkHost},
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
	for _, grant := range containerGrants {
		if grant.but != "" && grant.but == mode || h.Caller.Bounding&(1<<grant.bit) != 0 {
			continue
		}
		message := "firejail cannot get the capability CAP_" + grant.name
		if !h.Caller.KernelThreads {
			message = "firejail would start this program without any sandbox"
		}
		problems = append(problems, Problem{
			Message: message, Found: h.describeCaller(), Expected: "CAP_" + grant.name + " in the capability bounding set",
			Instead: []string{"grant the container: --cap-add " + grant.name},
		})
	}
	return problems
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
