//go:build linux

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents are the pages whose commands and policies have to work.
var documents = []string{
	"../README.md", "../SECURITY.md", "../CHANGELOG.md", "../policies/README.md", "../docs/ci.md", "../docs/language.md",
}

// byCI are commands that cannot run inside a test that they run.
var byCI = map[string]bool{"make test": true, "bash .ci/run": true}

func TestDocumentedPolicies(t *testing.T) {
	fenced := regexp.MustCompile("(?s)```toml\n(.*?)```")
	found := 0
	for _, document := range documents {
		for _, match := range fenced.FindAllStringSubmatch(read(t, document), -1) {
			found++
			policy := file(t, filepath.Join(tree(t), "my-connector.toml"), match[1], 0o644)
			finish(t, exec.Command(confine, "compile", policy, "-o", filepath.Join(filepath.Dir(policy), "out"))).must(t, 0)
			for _, backend := range []string{"firejail", "gvisor", "native"} {
				run := exec.Command(confine, "run", "--backend", backend, "--policy", policy, "--user", connectorUser, "--", "/usr/bin/python3", "-c", "pass")
				run.Dir = "/srv/airbyte"
				finish(t, run).must(t, 0)
			}
		}
	}
	if found == 0 {
		t.Error("no policy in the documents")
	}
}

// What this version does not compile is still valid, and passes the cases that follow
// it in the document.
func TestDocumentedLanguage(t *testing.T) {
	block := regexp.MustCompile("(?s)```toml (language|cases)\n(.*?)```")
	const trivial = "[[case]]\nname = \"valid\"\ndeny = [\"read /nowhere\"]\n"
	found, tested := 0, 0
	for _, document := range documents {
		blocks := block.FindAllStringSubmatch(read(t, document), -1)
		for i, match := range blocks {
			if match[1] == "cases" {
				continue
			}
			found++
			cases := trivial
			if i+1 < len(blocks) && blocks[i+1][1] == "cases" {
				cases = blocks[i+1][2]
				tested++
			}
			dir := tree(t)
			file(t, filepath.Join(dir, "language.toml"), match[2], 0o644)
			file(t, filepath.Join(dir, "language.test.toml"), cases, 0o644)
			finish(t, exec.Command(confine, "test", dir)).must(t, 0)
		}
	}
	if found < 2 || tested == 0 {
		t.Errorf("%d blocks of the language, %d of them with cases", found, tested)
	}
}

// Every indented line that starts with a program of ours is a command that a
// reader will type.
func TestDocumentedCommands(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(confine)+":"+os.Getenv("PATH"))
	for _, document := range documents {
		commands := commandsOf(read(t, document))
		for i, command := range commands {
			if byCI[command] {
				continue
			}
			t.Run(command, func(t *testing.T) {
				w := newWorkspace(t)
				cmd := exec.Command("/bin/bash", "-c", command)
				cmd.Dir = w.dir
				switch {
				case strings.HasSuffix(command, "policies/"):
					cmd.Dir = ".."
				case strings.HasPrefix(command, "make"):
					cmd.Dir = ".."
				case strings.HasPrefix(command, "runsc"):
					// It starts what the command before it compiles. Its mounts and its state are the
					// test's, and so is its input: runsc gives that to the container's user.
					script := "mount -t tmpfs tmpfs /run && " + commands[i-1] + " && " + command
					cmd = exec.Command("unshare", "--mount", "--propagation", "private", "/bin/bash", "-c", script)
					cmd.Dir, cmd.Stdin = w.dir, strings.NewReader("")
				case strings.Contains(command, "my-connector.toml"):
					policy := regexp.MustCompile("(?s)```toml\n(.*?)```").FindStringSubmatch(read(t, document))
					file(t, filepath.Join(w.dir, "my-connector.toml"), policy[1], 0o644)
				}
				finish(t, cmd).must(t, 0)
			})
		}
	}
}

// commandsOf finds the commands in indented blocks; a comment and a continued
// line are part of none and one.
func commandsOf(text string) []string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	var commands []string
	for _, line := range strings.Split(text, "\n") {
		line, indented := strings.CutPrefix(line, "    ")
		line, _, _ = strings.Cut(line, " #")
		line = strings.Join(strings.Fields(line), " ")
		first, _, _ := strings.Cut(line, " ")
		if indented && (first == "confine" || first == "make" || first == "bash" || first == "runsc") {
			commands = append(commands, line)
		}
	}
	return commands
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
