//go:build linux

package integration

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// connectorEgress is a policy under which the connector reaches hosts of the internet of
// a test, and trusts its authority.
func (w *internet) connectorEgress(t *testing.T, hosts ...string) string {
	t.Helper()
	list, err := json.Marshal(hosts)
	if err != nil {
		t.Fatal(err)
	}
	return variant(t, fmt.Sprintf("[network]\nmode = \"egress\"\negress = %s\n[filesystem]\nread = [%q]\n[environment]\nset = { SSL_CERT_FILE = %[2]q, REQUESTS_CA_BUNDLE = %[2]q }\n",
		list, w.authority.file))
}

// workspace is one whose API is behind TLS at api.vendor.test.
func (w *internet) workspace(t *testing.T) workspace {
	t.Helper()
	desk := newWorkspace(t)
	config := readText(t, filepath.Join(desk.dir, "config.json"))
	there := regexp.MustCompile(`http://127\.0\.0\.1:([0-9]+)/`).ReplaceAllString(config, "https://api.vendor.test/behind/$1/")
	if there == config {
		t.Fatalf("no base URL in %s", config)
	}
	desk.put(t, "config.json", []byte(there))
	return desk
}

// trusting makes a command outside trust the authority of the test.
func (w *internet) trusting(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+w.authority.file, "REQUESTS_CA_BUNDLE="+w.authority.file)
	return cmd
}

// TestEgressConnectorRead: the real connector reads everything through TLS from the one host
// that its policy names, and the records are those of a run without a sandbox.
func TestEgressConnectorRead(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	control := w.workspace(t)
	o := w.finish(t, control.in(w.trusting(bare(readArguments...)))).must(t, 0)
	control.verify(t, o.stdout)
	want := records(t, o.stdout)
	if len(want) != 11 {
		t.Fatalf("control: %d records, expected 11", len(want))
	}
	policy := w.connectorEgress(t, "api.vendor.test:443")
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			desk := w.workspace(t)
			o := w.finish(t, desk.in(l.cmd(policy, program(readArguments...)...))).must(t, 0)
			desk.verify(t, o.stdout)
			sameRecords(t, o.stdout, want)
			if strings.Count(o.stderr, "\n") != 1 || !strings.Contains(o.stderr, "proven in") {
				t.Errorf("stderr holds more than the one line of a launch:\n%s", o.stderr)
			}
		})
	}
}

func TestEgressConnectorCheck(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	control := w.finish(t, w.workspace(t).in(w.trusting(bare(checkArguments...)))).must(t, 0)
	if got := connectionStatus(t, control.stdout); got != "SUCCEEDED" {
		t.Fatalf("control: connection status %q\n%s", got, control.stdout)
	}
	allows := w.connectorEgress(t, "api.vendor.test:443")
	other := w.connectorEgress(t, "other.test:443")
	// The CDK tries a host that is denied for a third of a minute: all launches at once.
	type run struct {
		name, want string
		wait       func(*testing.T) outcome
	}
	var runs []run
	for _, l := range egressLaunches {
		for policy, want := range map[string]string{allows: "SUCCEEDED", other: "FAILED"} {
			runs = append(runs, run{l.name, want, w.begin(t, w.workspace(t).in(l.cmd(policy, program(checkArguments...)...)))})
		}
	}
	for _, r := range runs {
		t.Run(r.name+"/"+r.want, func(t *testing.T) {
			o := r.wait(t).must(t, 0)
			if got := connectionStatus(t, o.stdout); got != r.want {
				t.Errorf("connection status %q, expected %s\n%s\n%s", got, r.want, o.stdout, o.stderr)
			}
			if denied := strings.Contains(o.stderr, "denied resolve api.vendor.test"); denied != (r.want == "FAILED") {
				t.Errorf("stderr: %s", o.stderr)
			}
		})
	}
}

// followed does what connectors do with the answers of an API, with their HTTP client. The
// credential is sent with every request, as connectors send it.
const followed = `import requests
session = requests.Session()
credential = {"Authorization": "Bearer TOKEN", "X-Api-Key": "TOKEN"}
def attempt(name, f):
    try: print(name, f().status_code)
    except requests.RequestException as e: print(name, type(e).__name__)
def get(url): return session.get(url, headers=credential, timeout=20)
attempt("api", lambda: get("https://api.vendor.test/"))
page = get("https://api.vendor.test/page").json()
attempt("redirect", lambda: get("https://api.vendor.test/redirect"))
attempt("next page", lambda: get(page["next"]))
attempt("download", lambda: get(page["download"]))
attempt("again", lambda: get(page["next"]))
attempt("api", lambda: get("https://api.vendor.test/"))
`

// TestEgressHostileAPI: an API that sends its client to another host gets nobody there, and
// the credential stays with the API.
func TestEgressHostileAPI(t *testing.T) {
	t.Parallel()
	w := newInternet(t)
	program := []string{connectorBin + "/python", "-c", strings.ReplaceAll(followed, "TOKEN", token)}

	control := w.trusting(asConnector(exec.Command(program[0], program[1:]...)))
	o := w.finish(t, control).must(t, 0)
	if want := "api 200\nredirect 200\nnext page 200\ndownload 200\nagain 200\napi 200\n"; o.stdout != want {
		t.Fatalf("control: %s%s", o.stdout, o.stderr)
	}
	if w.visits.count(evilAddress) == 0 || !strings.Contains(w.visits.beyond(apiAddress), token) {
		t.Fatalf("control: the other host got %d connections and\n%s", w.visits.count(evilAddress), w.visits.beyond(apiAddress))
	}

	policy := w.connectorEgress(t, "api.vendor.test:443")
	for _, l := range egressLaunches {
		t.Run(l.name, func(t *testing.T) {
			w.visits.forget()
			w.resolver.questions()
			log := filepath.Join(tree(t), "egress.jsonl")
			logged := owner(t, log, l)
			cmd := with(l.cmd(policy, program...), "--egress-log", logged)
			cmd.Dir = w.workspace(t).dir
			o := w.finish(t, cmd).must(t, 0)
			want := "api 200\nredirect ConnectionError\nnext page ConnectionError\ndownload ConnectionError\nagain ConnectionError\napi 200\n"
			if o.stdout != want {
				t.Errorf("the program said\n%s\nexpected\n%s", o.stdout, want)
			}
			if n := w.visits.count(evilAddress); n != 0 {
				t.Errorf("%d connections came to the other host", n)
			}
			if text := w.visits.beyond(apiAddress); text != "" {
				t.Errorf("other hosts than the API got\n%s", text)
			}
			for _, name := range w.resolver.questions() {
				if name != "api.vendor.test" {
					t.Errorf("the host's resolver was asked for %s", name)
				}
			}
			for _, name := range []string{"evil.test", "files.evil.test"} {
				if n := strings.Count(o.stderr, "denied resolve "+name+","); n != 1 {
					t.Errorf("stderr names %s %d times, expected once:\n%s", name, n, o.stderr)
				}
			}
			wantsHint(t, o.stderr, "evil.test:443")
			for name, text := range map[string]string{"stderr": o.stderr, "the log": readText(t, logged)} {
				if strings.Contains(text, token) {
					t.Errorf("the credential is in %s:\n%s", name, text)
				}
			}
		})
	}
}

// owner is a file in a directory that the caller of a launch can write.
func owner(t *testing.T, path string, l launch) string {
	t.Helper()
	if strings.HasSuffix(l.name, "user") {
		give(t, filepath.Dir(path))
	}
	return path
}

// wantsHint wants the line that a person adds to allow what was denied.
func wantsHint(t *testing.T, stderr, entry string) {
	t.Helper()
	if want := fmt.Sprintf("to allow it: add %q to [network] egress", entry); !strings.Contains(stderr, want) {
		t.Errorf("stderr lacks %q:\n%s", want, stderr)
	}
}

// TestEgressFilesInside: the program sees the resolver of the gateway and a hosts file with
// nothing of the host's, whose names the gateway resolves.
func TestEgressFilesInside(t *testing.T) {
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["hosts.vendor.test:7000"]`)
	const deed = "exchange " + hostsName + ":7000"
	if o := w.finish(t, exec.Command("/usr/bin/cat", "/etc/resolv.conf", "/etc/hosts")); !strings.Contains(o.stdout, resolverAddress) || !strings.Contains(o.stdout, hostsName) {
		t.Fatalf("control: %s", o.stdout)
	}
	if got := w.outside(t, byUser, deed)[deed]; got != "ok" {
		t.Fatalf("control: %s: %s", deed, got)
	}
	for _, l := range egressLaunches {
		if mediated(l) {
			continue // it shows the host's own: see TestEgressHostsFileOfTheMachine
		}
		t.Run(l.name, func(t *testing.T) {
			o := w.finish(t, l.cmd(policy, "/usr/bin/cat", "/etc/resolv.conf")).must(t, 0)
			if !strings.Contains(o.stdout, "nameserver 198.18.0.1\n") || strings.Count(o.stdout, "nameserver") != 1 {
				t.Errorf("/etc/resolv.conf inside:\n%s", o.stdout)
			}
			o = w.finish(t, l.cmd(policy, "/usr/bin/cat", "/etc/hosts")).must(t, 0)
			if !strings.Contains(o.stdout, "localhost") || strings.Contains(o.stdout, hostsName) {
				t.Errorf("/etc/hosts inside:\n%s", o.stdout)
			}
			if got := w.egressAnswers(t, l, policy, deed)[deed]; got != "ok" {
				t.Errorf("%s: %s", deed, got)
			}
		})
	}
}

// TestEgressHostsFileOfTheMachine: without a network namespace the program reads the
// machine's own files. A name server that they name is the gateway, and an address that
// they give to a name is one that no entry names.
func TestEgressHostsFileOfTheMachine(t *testing.T) {
	w := newInternet(t)
	policy := egressPolicy(t, `egress = ["hosts.vendor.test:7000", "api.vendor.test:7000"]`)
	const known, mapped = "exchange api.vendor.test:7000", "exchange " + hostsName + ":7000"
	for access, got := range w.outside(t, byUser, known, mapped) {
		if got != "ok" {
			t.Fatalf("control: %s: %s", access, got)
		}
	}
	for _, l := range egressLaunches {
		if !mediated(l) {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			o := w.finish(t, l.cmd(policy, probe, known, mapped)).must(t, 0)
			got := answers(t, o.stdout)
			if got[known] != "ok" || got[mapped] != "ENETUNREACH" {
				t.Errorf("%v", got)
			}
			if !strings.Contains(o.stderr, "/etc/hosts has it as "+hostsName+", and confine was not asked") {
				t.Errorf("stderr: %s", o.stderr)
			}
		})
	}
}
