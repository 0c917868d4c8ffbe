package policy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"confine/policy"
)

func TestParseTestsDiagnostics(t *testing.T) {
	for _, file := range inputs(t, "tests") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = policy.ParseTests(filepath.Base(file), src)
			if err == nil {
				t.Fatal("no diagnostics")
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".golden", []byte(told(err)))
		})
	}
}

// TestRunCases shows what failing cases look like.
func TestRunCases(t *testing.T) {
	src := `[[case]]
name = "passes"
allow = ["read /a/x", "env PATH"]
deny = ["read /b", "exec /a/x"]
[[case]]
name = "fails"
allow = ["read /b", "connect api.example.com:443"]
deny = ["read /a/x"]
[[case]]
name = "fails by"
by = "filesystem.hide"
deny = ["read /b", "read /a/hidden"]
[[case]]
name = "other values"
params = { region = "x.y" }
deny = ["read /b"]
[[case]]
name = "no such parameter"
params = { regoin = "eu" }
deny = ["read /b"]
[[case]]
name = "by arguments"
params = { region = "eu" }
by = "syscalls.base"
allow = ["syscall socket", "syscall ioctl(arg0=0x1)"]
`
	text := headed("p", "[params.region]\ntype = 'label'\npattern = '[a-z]+'\n[filesystem]\nread = ['/a', '/${region}']\nhide = ['/a/hidden']\n[environment]\npass = ['PATH']\n")
	tests, err := policy.ParseTests("p.test.toml", []byte(src+"[[case]]\nname = \"no values\"\ndeny = [\"read /b\"]\n"))
	if err != nil {
		t.Fatal(told(err))
	}
	asked := 0
	ds := tests.Run(func(params map[string]string) (*policy.Policy, error) {
		o := policy.Options{Parameters: params}
		if params == nil {
			asked++
			if asked <= 3 { // the cases before those with parameters of their own
				o.Parameters = map[string]string{"region": "eu"}
			}
		}
		return shelf{"p": text}.resolve("p", o)
	})
	var out bytes.Buffer
	if err := ds.Render(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "tests", "run.golden"), out.Bytes())
	var unknown *policy.ParameterError
	if _, err := (shelf{"p": text}).resolve("p", policy.Options{Parameters: map[string]string{"regoin": "eu"}}); !errors.As(err, &unknown) {
		t.Errorf("an unknown parameter: %v", err)
	}
}
