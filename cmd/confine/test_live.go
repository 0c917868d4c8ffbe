package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"confine/compiler"
	"confine/policy"
	"confine/runner/live"
)

// liveTest tries the accesses of tests in the real sandbox, where --live asks for it.
type liveTest struct {
	on, network, shared bool
	backend, user       string
	// results are what came of it.
	results []liveResult
}

// add declares the flags.
func (t *liveTest) add(flags *pflag.FlagSet) {
	flags.BoolVar(&t.on, "live", false, "also try every access inside the real sandbox, and compare")
	flags.StringVar(&t.backend, "backend", "auto", "`name` of what confines for --live: gvisor, firejail, native or auto")
	flags.StringVar(&t.user, "user", "", "`name` or id of the user that --live runs as (default: the policy's, or the caller)")
	flags.BoolVar(&t.shared, "no-namespaces", false, "let --live make no namespaces, to see what holds in a container (native only)")
	flags.BoolVar(&t.network, "network", false, "let --live connect to the hosts that a policy allows")
}

// check refuses flags of a launch where none is asked for: tests that pass would be taken for
// a sandbox that does what they say.
func (t *liveTest) check(flags *pflag.FlagSet) error {
	if t.on {
		return nil
	}
	for _, name := range []string{"backend", "user", "network", "no-namespaces"} {
		if flags.Changed(name) {
			return fmt.Errorf("--%s is about a launch, and there is none without --live\n  instead   add --live, or leave --%s out", name, name)
		}
	}
	return nil
}

// liveResult is what came of the tests of one policy.
type liveResult struct {
	Policy string `json:"policy"`
	// Reports are one for each set of parameters.
	Reports []*live.Report `json:"reports"`
	// Skipped says why nothing was launched: the tests fail without it.
	Skipped string `json:"skipped,omitempty"`
	// Refused says why something was not launched that should have been.
	Refused []string `json:"refused,omitempty"`
}

// of counts the accesses of a status.
func (r liveResult) of(statuses ...live.Status) int {
	n := 0
	for _, report := range r.Reports {
		for _, result := range report.Results {
			for _, s := range statuses {
				if result.Status == s {
					n++
				}
			}
		}
	}
	return n
}

// run tries the policies that were asked, and prints what came of them to stdout, or to stderr where
// stdout has the results in another form. The answer is the exit code.
func (t *liveTest) run(policies []*testedPolicy, text bool, s streams) int {
	if !t.on {
		return 0
	}
	if !text {
		s.stdout = s.stderr
	}
	for _, p := range policies {
		t.try(p, s)
	}
	fmt.Fprintln(s.stdout, t.summary())
	return t.code()
}

// try tries the tests of one policy.
func (t *liveTest) try(tested *testedPolicy, out streams) {
	r := liveResult{Policy: tested.Policy}
	refused := func(p *policy.Policy, err error) {
		var told strings.Builder
		explain(&told, p, err)
		r.Refused = append(r.Refused, told.String())
		fmt.Fprint(out.stderr, told.String())
	}
	launches, err := t.launches(tested)
	switch {
	case errors.Is(err, errFailWithoutLaunch):
		r.Skipped = err.Error()
		fmt.Fprintf(out.stdout, "%s was not launched: %v\n", tested.Policy, err)
	case err != nil:
		refused(nil, err)
	}
	for _, o := range launches {
		report, err := live.Run(o)
		if err != nil {
			refused(o.Policy, err)
			continue
		}
		r.Reports = append(r.Reports, report)
		printReport(out.stdout, tested.Policy, report)
	}
	t.results = append(t.results, r)
}

// errFailWithoutLaunch is told by what asks the policies alone.
var errFailWithoutLaunch = errors.New("its tests fail without it")

// launches are one for each set of parameters that the cases have.
func (t *liveTest) launches(tested *testedPolicy) ([]live.Options, error) {
	if t.backend == "none" {
		return nil, errors.New("--live --backend none: without a sandbox there is nothing to try")
	}
	if tested.problem != nil || len(tested.results.Diagnostics()) > 0 {
		return nil, errFailWithoutLaunch
	}
	var launches []live.Options
	numbers, seen := map[string]int{}, map[string]bool{}
	for _, c := range tested.tests.Cases {
		params, err := json.Marshal(c.Params)
		if err != nil {
			return nil, err
		}
		n, ok := numbers[string(params)]
		if !ok {
			p, err := tested.resolve(c.Params)
			if err != nil {
				return nil, err
			}
			n = len(launches)
			numbers[string(params)] = n
			launches = append(launches, live.Options{Version: version, Policy: p, Backend: t.backend, NoNamespaces: t.shared, User: t.user, Network: t.network})
		}
		for _, a := range append(append([]policy.CaseAccess{}, c.Allow...), c.Deny...) {
			// Tried once, however many cases ask for it.
			key := fmt.Sprint(n, a.Access)
			if seen[key] {
				continue
			}
			seen[key] = true
			o := &launches[n]
			o.Expected = append(o.Expected, live.Expected{Access: a.Access, Decision: o.Policy.Decide(a.Access), Case: c.Name, Line: a.At})
		}
	}
	return launches, nil
}

// code is the exit code: 1 where a sandbox does not do what its policy says, and 2 where
// something was not launched, or nothing of a policy could be tried.
func (t *liveTest) code() int {
	code := 0
	for _, r := range t.results {
		switch {
		case r.Skipped != "":
		case len(r.Refused) > 0 || r.of(live.Agreed, live.Differs, live.Stronger, live.Weaker) == 0:
			return exitUsage
		case r.of(live.Differs) > 0:
			code = exitFailed
		}
	}
	return code
}

// summary is one line about all policies.
func (t *liveTest) summary() string {
	var all liveResult
	refused, skipped := 0, 0
	for _, r := range t.results {
		all.Reports = append(all.Reports, r.Reports...)
		refused += len(r.Refused)
		if r.Skipped != "" {
			skipped++
		}
	}
	text := "live: " + all.counts()
	if refused > 0 {
		text += fmt.Sprintf("; %s refused", count(refused, "launch", "launches"))
	}
	if skipped > 0 {
		text += fmt.Sprintf("; %s not launched", count(skipped, "policy", "policies"))
	}
	return text
}

// counts says how many accesses were tried and what came of them: what was not tried is
// never among what is as declared. Stronger and weaker are what the coverage says.
func (r liveResult) counts() string {
	tried := r.of(live.Agreed, live.Differs, live.Stronger, live.Weaker)
	text := fmt.Sprintf("%s tried, %d as declared", count(tried, "access", "accesses"), r.of(live.Agreed))
	for _, other := range []struct {
		status live.Status
		words  string
	}{
		{live.Differs, "otherwise"},
		{live.Stronger, "stronger"},
		{live.Weaker, "weaker"},
	} {
		if n := r.of(other.status); n > 0 {
			text += fmt.Sprintf(", %d %s", n, other.words)
		}
	}
	separator := "; "
	for _, status := range []live.Status{live.NotTried, live.NotProven} {
		if n := r.of(status); n > 0 {
			text += fmt.Sprintf("%s%d %s", separator, n, status)
			separator = ", "
		}
	}
	return text
}

// printReport tells what differs, and then why something shows nothing.
func printReport(w io.Writer, file string, report *live.Report) {
	for _, r := range report.Results {
		if r.Status == live.Differs {
			printDifference(w, file, report, r)
		}
	}
	engine := strings.TrimSpace(report.Backend + " " + report.Version)
	if report.Backend == string(compiler.Native) && report.Total > 0 {
		engine += map[bool]string{true: ", own namespaces,", false: ", no namespaces,"}[report.OwnNamespaces]
	}
	if report.Total > 0 {
		fmt.Fprintf(w, "%s under %s as %s, %d of %d checks proven\n", file, engine, report.User, report.Proven, report.Total)
	} else {
		fmt.Fprintf(w, "%s under %s: nothing was launched, because nothing can be tried\n", file, engine)
	}
	fmt.Fprintf(w, "  %s\n", liveResult{Reports: []*live.Report{report}}.counts())
	for _, status := range []live.Status{live.Stronger, live.Weaker, live.NotProven, live.NotTried} {
		printReasons(w, report.Results, status)
	}
}

// printReasons lists the accesses of a status below the reason that they share.
func printReasons(w io.Writer, results []live.Result, status live.Status) {
	var reasons []string
	accesses := map[string][]string{}
	for _, r := range results {
		if r.Status != status {
			continue
		}
		if accesses[r.Why] == nil { // one line a reason, in the order of the tests
			reasons = append(reasons, r.Why)
		}
		accesses[r.Why] = append(accesses[r.Why], r.Access)
	}
	for _, why := range reasons {
		fmt.Fprint(w, paragraph(fmt.Sprintf("  %-10s  ", status), why))
		for _, access := range accesses[why] {
			fmt.Fprintf(w, "  %-10s    %s\n", "", access)
		}
	}
}

// printDifference reports a bug in confine, with all that is needed to look for it.
func printDifference(w io.Writer, file string, report *live.Report, r live.Result) {
	says := "denied: " + r.Because
	if r.Allowed {
		says = "allowed: " + r.Because
	}
	if !r.At.IsZero() {
		says += " (" + r.At.String() + ")"
	}
	fmt.Fprintf(w, "%s: error: the sandbox does not do what %s says\n", r.Line, file)
	for _, row := range [][2]string{
		{"access", r.Access},
		{"policy", says},
		{"inside", r.Inside.String()},
		{"outside", r.Outside.String()},
		{"case", r.Case},
		{"this is", "a bug in confine: its decision or its sandbox is wrong, whatever the policy says"},
		{"found by", fmt.Sprintf("confine %s, %s %s, Linux %s", version, report.Backend, report.Version, report.Kernel)},
	} {
		fmt.Fprint(w, paragraph(fmt.Sprintf("  %-9s ", row[0]), row[1]))
	}
	fmt.Fprintln(w)
}
