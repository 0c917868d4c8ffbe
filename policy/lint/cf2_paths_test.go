package lint

import (
	"regexp"
	"slices"
	"testing"

	"confine/policy"
)

func TestHoldsCode(t *testing.T) {
	for name, want := range map[string]bool{
		"/usr":                                   true,
		"/usr/local/share/acme":                  true,
		"/usrlocal":                              false,
		"/bin":                                   true,
		"/airbyte/integration_code":              true,
		"/opt":                                   true,
		"/opt/acme":                              true,
		"/opt/acme/lib/x":                        true,
		"/opt/acme/data":                         false,
		"/srv/acme/lib/python3.11/site-packages": true,
		"/srv/acme/node_modules/left":            true,
		"/srv/acme":                              false,
		"/srv/airbyte":                           false,
		"/srv/acme/lib/python3.11/sitepackages.d": false,
	} {
		if what, ok := holdsCode(name); ok != want {
			t.Errorf("%s: %q, %v", name, what, ok)
		}
	}
}

func TestKeptSecret(t *testing.T) {
	for name, want := range map[string]string{
		"/root/.ssh":                      ".ssh",
		"/root/.ssh/id_ed25519":           ".ssh",
		"/home/acme/.config/gcloud":       ".config/gcloud",
		"/home/acme/.config/gcloud/x":     ".config/gcloud",
		"/home/acme/.config/gcloudy":      "",
		"/home/acme/.sshd":                "",
		"/home/acme/ssh":                  "",
		"/home/acme/.docker/config.json":  ".docker",
		"/srv/acme/.netrc":                ".netrc",
		"/srv/acme/a.netrc":               "",
		"/srv/acme/.config":               "",
		"/home/acme/.local/share/keyring": "",
		"/run/keys/id_ed25519":            "id_ed25519",
		"/run/keys/id_ed25519.pub":        "",
		"/tmp/krb5cc_1000":                "krb5cc_1000",
	} {
		if got, _ := keptSecret(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// Paths in the lists are ones that a policy can name; otherwise nothing would ask for them.
func TestPathsAreClean(t *testing.T) {
	for _, name := range slices.Concat(engineSockets, serviceSockets, accountTokens, machineFiles, obeyedFiles, debugDirectories, keyDirectories,
		shells, codeDirectories, manifoldDirectories, sharedDirectories, harmlessObjects, certificateFiles) {
		if _, err := policy.ParseAccess("read " + name); err != nil {
			t.Error(err)
		}
	}
}

// bases are policies that others extend.
type bases map[string]string

func (b bases) Find(_ policy.Source, name string) (policy.Source, bool, error) {
	text, ok := b[name]
	return policy.Source{File: name + ".toml", Text: []byte(text)}, ok, nil
}

func (b bases) Names(policy.Source) []string { return nil }

// What a rule finds follows from what the policy allows, not from how it is written.
func TestRulesAskThePolicy(t *testing.T) {
	const egress = "[network]\nmode = 'egress'\n"
	library := bases{
		"online":  "schema = 1\nname = 'online'\n[network]\nmode = 'egress'\negress = ['api.acme.com:443']\n",
		"offline": "schema = 1\nname = 'offline'\n[network]\nmode = 'none'\n",
		"wide":    "schema = 1\nname = 'wide'\n" + egress + "egress = ['*.acme.com:443']\n",
		"run":     "schema = 1\nname = 'run'\n[filesystem]\nread = ['/run']\n",
	}
	tests := []struct {
		name, code, policy string
		want               int
	}{
		{"an extension turns the network off", "CF102", "extends = ['online']\n[network]\nmode = 'none'\n", 0},
		{"a base has turned it off", "CF102", "extends = ['offline']\n[network]\negress = ['api.acme.com:443']\n", 1},
		{"an extension names the hosts", "CF103", "extends = ['wide']\n", 0},
		{"mode none", "CF104", "[network]\negress = ['api.acme.com:80']\n", 0},
		{"a private address", "CF105", egress + "egress = ['10.20.7.4:443']\nprivate = ['10.20.7.4/32']\n", 0},
		{"the whole is another rule's", "CF106", egress + "egress = ['db.acme.com:443']\nprivate = ['10.0.0.0/8']\n", 0},
		{"the address itself", "CF107", egress + "egress = ['169.254.169.254:80']\nprivate = ['169.254.169.254/32']\n", 2},
		{"a wildcard over the name", "CF107", egress + "egress = ['*.google.internal:80']\n", 1},
		{"a name can lead anywhere", "CF108", egress + "egress = ['db.acme.com:443']\nprivate = ['10.0.0.0/24']\n", 0},
		{"another port", "CF110", egress + "egress = ['*.acme.com:443', 'api.acme.com:8443']\n", 0},
		{"a wildcard below", "CF110", egress + "egress = ['*.acme.com:443', '*.eu.acme.com:443']\n", 1},
		{"covered by a base", "CF110", "extends = ['wide']\n[network]\negress = ['api.acme.com:443']\n", 1},
		{"covered in a base", "CF110", "extends = ['online']\n[network]\negress = ['*.acme.com:443']\n", 0},
		{"one's own bucket", "CF112", egress + "egress = ['*.acme.s3.amazonaws.com:443']\n", 0},
		{"a label of one's own", "CF112", egress + "egress = ['*.${n}.amazonaws.com:443']\n[params.n]\ntype = 'label'\n", 0},
		{"a shop of a service", "CF114", egress + "egress = ['${h}:443']\n[params.h]\ntype = 'host'\nsuffix = ['myshopify.com']\n", 0},
		{"pages of strangers", "CF114", egress + "egress = ['${h}:443']\n[params.h]\ntype = 'host'\nsuffix = ['github.io']\n", 1},
		{"a name below", "CF115", egress + "egress = ['x.webhook.site:443', '*.opendns.com:443', 'profile.io:443']\n", 2},
		{"one's own bucket", "CF115", egress + "egress = ['acme-exports.s3.eu-west-1.amazonaws.com:443', '${b}.storage.googleapis.com:443']\n[params.b]\ntype = 'label'\n", 0},
		{"everybody's buckets", "CF115", egress + "egress = ['s3.amazonaws.com:443', 's3.dualstack.${r}.amazonaws.com:443', 'storage.googleapis.com:443', 's3.eu-central-003.backblazeb2.com:443']\n[params.r]\ntype = 'label'\n", 4},
		{"a drive", "CF115", egress + "egress = ['content.dropboxapi.com:443']\n", 1},
		{"loopback", "CF121", egress + "egress = ['db.acme.com:5432']\nprivate = ['127.0.0.1/32', '::1/128', '169.254.20.0/24', 'fe80::/10', '127.0.0.0/8']\n", 5},
		{"loopback is not a private network", "CF106", egress + "egress = ['db.acme.com:5432']\nprivate = ['127.0.0.0/8', 'fe80::/10']\n", 0},
		{"the metadata service is another rule's", "CF121", egress + "egress = ['db.acme.com:5432']\nprivate = ['169.254.0.0/16', '0.0.0.0/0']\n", 0},
		{"the loopback of nothing", "CF121", "[network]\nprivate = ['127.0.0.0/8']\n", 0},
		{"mail", "CF122", egress + "egress = ['smtp.acme.com:25', 'smtp.acme.com:465', 'smtp.acme.com:587', 'imap.acme.com:993']\n", 3},
		{"one customer", "CF116", egress + "egress = ['acme.zendesk.com:443', '*.acme.zendesk.com:443']\n", 0},
		{"a wildcard above", "CF116", egress + "egress = ['*.salesforce.com:443']\n", 1},
		{"addresses need no name server", "CF117", egress + "egress = ['203.0.113.7:443']\n", 0},
		{"a directory shows the host's file", "CF117", egress + "egress = ['api.acme.com:443']\n[filesystem]\nread = ['/etc']\n", 1},
		{"a link leads to the file", "CF117", egress + "egress = ['api.acme.com:443']\n[filesystem]\nread = ['/run/resolv.conf']\nlinks = { '/etc/resolv.conf' = '/run/resolv.conf' }\n", 0},

		{"code two levels below", "CF201", "[filesystem]\nwrite = ['/srv']\nread = ['/srv/a']\nexec = ['/srv/a/bin']\n", 1},
		{"a private directory over code", "CF202", "[filesystem]\ntmp = ['/usr/tmp']\n", 0},
		{"a directory of code by its name", "CF204", "[filesystem]\nmap = ['/usr/lib']\nwrite = ['/usr/lib/acme']\n", 0},
		{"hidden", "CF205", "[filesystem]\nread = ['/run/podman']\nhide = ['/run/podman/podman.sock']\n", 0},
		{"by its old name", "CF205", "[filesystem]\nread = ['/var/run/docker.sock']\n", 1},
		{"a link and its target", "CF205", "[filesystem]\nread = ['/run/podman']\nlinks = { '/var/run' = '/run' }\n", 1},
		{"an engine of a user", "CF205", "[filesystem]\nread = ['/run/user/1001/podman']\n", 1},
		{"a user's engine by its old name", "CF205", "[filesystem]\nread = ['/var/run/user/1001/docker.sock']\n", 1},
		{"all of /run", "CF225", "[filesystem]\nread = ['/run']\n", 1},
		{"the bus of a user", "CF225", "[filesystem]\nread = ['/run/user/1001/bus', '/run/user/1001/acme']\n", 1},
		{"an agent", "CF225", "[filesystem]\nread = ['/tmp/ssh-XAb81cP/agent.41', '/run/ssh-keys']\n", 1},
		{"private keys by name", "CF222", "[filesystem]\nread = ['/run/tls/tls.key', '/srv/acme/privkey.pem', '/srv/acme/my-key.pem', '/srv/acme/cert.pem', '/srv/acme/monkey.pem', '/srv/acme/api.keys']\n", 3},
		{"where secrets lie", "CF701", "[environment]\npass = ['SECRETS_DIR', 'PASSWORD_FILE', 'TOKEN_TTL', 'DB_PASSWORD']\n", 1},
		{"code that the policy names", "CF704", "[filesystem]\nread = ['/srv/acme/lib']\n[environment]\nset = { PYTHONPATH = '/srv/acme/lib:/srv/acme/lib/extra' }\n", 0},
		{"code that it can write below", "CF704", "[filesystem]\nread = ['/srv/acme/lib']\nwrite = ['/srv/acme/lib/new']\n[environment]\nset = { PYTHONPATH = '/srv/acme/lib' }\n", 1},
		{"code that it hides", "CF704", "[environment]\nset = { PYTHONPATH = '/srv/acme/lib' }\n", 1},
		{"code of the working directory", "CF704", "[filesystem]\nread = ['/srv/acme/lib']\n[environment]\nset = { PYTHONPATH = '/srv/acme/lib:' }\n", 1},
		{"code by an option", "CF704", "[filesystem]\nread = ['/srv/acme/lib']\n[environment]\nset = { NODE_OPTIONS = '/srv/acme/lib' }\n", 1},
		{"a pattern of a secret", "CF709", "[environment]\npass = ['AWS_*', 'AB*', 'ACME_*', 'ACME_TOKEN*']\n", 1},
		{"what a base says", "CF904", "extends = ['run', 'wide']\n[filesystem]\nread = ['/run']\n[network]\negress = ['*.acme.com:443']\n", 2},
		{"what it has taken out", "CF904", "extends = ['run', 'wide']\n[filesystem]\nread = ['/run']\nremove = { read = ['/run'] }\n[network]\negress = ['*.acme.com:443']\nremove = { egress = ['*.acme.com:443'] }\n", 0},
		{"absent", "CF206", "[filesystem]\nread = ['/run']\nabsent = ['/run/secrets']\n", 0},
		{"shown by a base", "CF206", "extends = ['run']\n", 1},
		{"taken from a base", "CF206", "extends = ['run']\n[filesystem]\nremove = { read = ['/run'] }\n", 0},
		{"a private directory", "CF208", "[filesystem]\ntmp = ['/etc/ssh']\n", 0},
		{"hidden keys", "CF209", "[filesystem]\nread = ['/home/acme/x']\nhide = ['/home/acme/x/.ssh']\n", 0},
		{"cgroups", "CF212", "[filesystem]\nread = ['/sys/fs/cgroup/memory.max']\n", 0},
		{"all of it", "CF212", "[filesystem]\nread = ['/sys']\n", 1},
		{"debugging in all of it", "CF221", "[filesystem]\nread = ['/sys']\n", 1},
		{"debugging hidden", "CF221", "[filesystem]\nread = ['/sys/kernel']\nhide = ['/sys/kernel/debug', '/sys/kernel/tracing', '/sys/kernel/security', '/sys/kernel/vmcoreinfo', '/sys/kernel/notes', '/sys/kernel/boot_params']\n", 0},
		{"another entry between", "CF213", "[filesystem]\nread = ['/srv', '/srv/a/b?']\nwrite = ['/srv/a']\n", 0},
		{"the gateway's files", "CF213", "[filesystem]\nread = ['/etc', '/etc/resolv.conf?']\n", 0},
		{"a narrower mode", "CF213", "[filesystem]\nmap = ['/srv']\nread = ['/srv/a?']\n", 0},
		{"absent is more than hidden", "CF214", "[filesystem]\nread = ['/srv']\nhide = ['/srv/a']\nabsent = ['/srv/a/b', '/run/secrets']\n", 0},
		{"hidden in what is absent", "CF214", "[filesystem]\nread = ['/srv']\nabsent = ['/srv/a']\nhide = ['/srv/a/b']\n", 1},
		{"open in between", "CF214", "[filesystem]\nhide = ['/srv/a', '/srv/a/b/c']\nread = ['/srv', '/srv/a/b']\n", 0},
		{"a link into /proc", "CF216", "[filesystem]\nproc = 'self'\nlinks = { '/etc/mtab' = '/proc/self/mounts' }\n", 0},
		{"memory is bounded", "CF217", "[filesystem]\ntmp = ['/tmp']\n[process]\nmemory = '2GiB'\n", 0},
		{"an empty directory", "CF218", "[filesystem]\ntmp = ['/etc']\n", 0},
		{"a whole", "CF218", "[filesystem]\nwrite = ['/etc']\n", 1},
		{"a base of others", "CF220", "[filesystem]\nread = ['/srv']\n", 0},
		{"a pattern", "CF224", "[filesystem]\nread = ['/${d}']\n[params.d]\ntype = 'label'\npattern = 'a-.*'\n", 0},
		{"a part of a name", "CF224", "[filesystem]\nread = ['/srv-${d}']\n[params.d]\ntype = 'label'\n", 0},
	}
	for _, test := range tests {
		linter := Linter{Library: library}
		got := 0
		for _, f := range linter.Lint(Target{Source: policy.Source{File: "acme.toml", Text: []byte("schema = 1\nname = 'acme'\n" + test.policy)}}) {
			switch f.Rule.Code {
			case "CF001":
				t.Errorf("%s, %s: %s", test.code, test.name, f.Message)
			case test.code:
				got++
			}
		}
		if got != test.want {
			t.Errorf("%s, %s: %d findings, not %d", test.code, test.name, got, test.want)
		}
	}
}

// What a launch would notice is not taken away.
func TestRequiredEntryStays(t *testing.T) {
	for entry, want := range map[string]int{"/srv/a?": 1, "/srv/a": 0} {
		var linter Linter
		text := "schema = 1\nname = 'acme'\n[filesystem]\nread = ['/srv', '" + entry + "']\n"
		for _, f := range linter.Lint(Target{Source: policy.Source{File: "acme.toml", Text: []byte(text)}}) {
			if f.Rule == &coveredEntry && len(f.Fix) != want {
				t.Errorf("%s: %d edits, not %d", entry, len(f.Fix), want)
			}
		}
	}
}

// What nobody can test is not asked for, tests that are not valid are tests, and values that
// the policy does not take are told as that.
func TestRulesOfTests(t *testing.T) {
	const idle = "[syscalls]\ndeny = ['ptrace']\n"
	const region = "[network]\nmode = 'egress'\negress = ['${region}.acme.com:443']\n[params.region]\ntype = 'label'\npattern = 'eu|us'\n"
	for name, tt := range map[string]struct {
		policy, tests string
		want          []string
	}{
		"no tests":                {"", "", []string{"CF910"}},
		"tests that are wrong":    {"", "[[case]]\nname = 'x'\nallow = ['fly /']\n", []string{"CF001"}},
		"an idle denial":          {idle, "[[case]]\nname = 'x'\ndeny = ['syscall ptrace']\n", []string{"CF616"}},
		"an entry":                {"[filesystem]\nread = ['/srv/acme']\n", "[[case]]\nname = 'x'\ndeny = ['read /etc/shadow']\n", []string{"CF911"}},
		"values that fit":         {region, "[[case]]\nname = 'x'\nparams = { region = 'eu' }\nallow = ['connect eu.acme.com:443']\ndeny = ['connect us.acme.com:443']\n", nil},
		"values that do not":      {region, "[[case]]\nname = 'x'\nparams = { region = 'mars' }\ndeny = ['connect us.acme.com:443']\n", []string{"CF913"}},
		"a value that is missing": {region, "[[case]]\nname = 'x'\ndeny = ['connect us.acme.com:443']\n", []string{"CF913"}},
	} {
		target := Target{Source: policy.Source{File: "acme.toml", Text: []byte("schema = 1\nname = 'acme'\n" + tt.policy)}}
		if tt.tests != "" {
			target.Tests = &policy.Source{File: "acme.test.toml", Text: []byte(tt.tests)}
		}
		var linter Linter
		var got []string
		for _, f := range linter.Lint(target) {
			if slices.Contains([]string{"CF001", "CF616", "CF910", "CF911", "CF912", "CF913"}, f.Rule.Code) {
				got = append(got, f.Rule.Code)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, not %q", name, got, tt.want)
		}
	}
}

// A value is made up of every pattern that has one of a simple form.
func TestSampleOf(t *testing.T) {
	for pattern, ok := range map[string]bool{
		"eu|us": true, "acme-[a-z]+": true, "(?i)ACME[0-9]{3}": true, "[a-z0-9-]+": true, "^v[12]$": true, "x*y?": true, "a{2,}": true,
		"[^a]": true, ".*": true, "(": false, "[^\\x00-\\x{10FFFF}]": false,
	} {
		text, found := sampleOf(pattern, "sample0")
		if whole, err := regexp.Compile(`\A(?:` + pattern + `)\z`); found != ok || err == nil && found && !whole.MatchString(text) {
			t.Errorf("%s: %q, %v", pattern, text, found)
		}
	}
}
