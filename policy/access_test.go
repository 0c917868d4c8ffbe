package policy_test

import (
	"strings"
	"testing"

	"confine/policy"
)

func TestParseAccess(t *testing.T) {
	for text, want := range map[string]string{
		"read /etc/shadow":              "read /etc/shadow",
		"  exec   /usr/bin/x ":          "exec /usr/bin/x",
		"write /a b":                    "write /a b",
		"map /":                         "map /",
		"connect API.Example.com.:443":  "connect api.example.com:443",
		"connect 10.0.0.1:1":            "connect 10.0.0.1:1",
		"connect [2001:DB8::0:1]:65535": "connect [2001:db8::1]:65535",
		"resolve Example.COM":           "resolve example.com",
		"syscall clone3":                "syscall clone3",
		"syscall socket(arg0=AF_INET)":  "syscall socket(arg0=0x2)",
		"syscall openat( arg2=O_DIRECTORY|O_CREAT,arg0=3 )": "syscall openat(arg0=0x3, arg2=O_DIRECTORY|0x40)",
		"capability net_admin":                              "capability CAP_NET_ADMIN",
		"rlimit as=1KiB":                                    "rlimit as=1024",
		"rlimit cpu=1h":                                     "rlimit cpu=3600",
		"rlimit rttime=1ms":                                 "rlimit rttime=1000",
		"rlimit as=18446744073709551615":                    "rlimit as=18446744073709551615",
		"env LANG":                                          "env LANG",
	} {
		a, err := policy.ParseAccess(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := a.String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if again, err := policy.ParseAccess(a.String()); err != nil || again != a {
			t.Errorf("%q comes back as %+v, %v", a, again, err)
		}
	}
}

func TestParseAccessErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "no kind of access",
		"raed /x":                  `did you mean "read"`,
		"read":                     "says nothing about what",
		"read x":                   "not absolute",
		"read /x/../y":             `contains ".."`,
		"read /x/":                 "not clean",
		"read /x\u202e":            "invisible",
		"connect example.com":      "no port",
		"connect example.com:0":    "not a port",
		"connect example.com:http": "not a port",
		"connect ::1:80":           "ambiguous",
		"connect [::1]":            "not [ADDRESS]:PORT",
		"connect [1.2.3.4]:1":      "not an IPv6 address",
		"connect 1.2.3:80":         "not a host name",
		"connect a..b:80":          "not a host name",
		"connect fe80::1%eth0:80":  "ambiguous",
		"resolve *.example.com":    "not a host name",
		"syscall Read":             `unknown system call "Read"; did you mean read or`,
		"syscall waitpid":          `neither x86_64 nor aarch64 has the system call "waitpid"`,
		"syscall read(arg3=1)":     "read has 3 arguments, and no arg3",
		"syscall read(arg0=STDIN)": `unknown constant "STDIN"`,
		"capability FLY":           "not a capability",
		"rlimit as":                "no value",
		"rlimit fly=1":             "not a resource limit",
		"rlimit as=1GB":            "not a size",
		"rlimit nofile=-1":         "not an integer",
		"env A=B":                  "not a variable name",
	} {
		if a, err := policy.ParseAccess(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %+v, %v; want an error with %q", text, a, err, want)
		}
	}
}

// FuzzParseAccess: whatever parses is written and read back unchanged.
func FuzzParseAccess(f *testing.F) {
	for _, text := range []string{"read /x", "connect [::1]:80", "rlimit cpu=1h", "connect a.b:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := policy.ParseAccess(text)
		if err != nil {
			return
		}
		if again, err := policy.ParseAccess(a.String()); err != nil || again != a {
			t.Fatalf("%q is %+v, and comes back as %+v, %v", text, a, again, err)
		}
	})
}
