// Package revision reads files out of git revisions, with the git of the caller: nothing
// is checked out, no filter or hook of the repository runs, and nothing is fetched.
package revision

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// patience is how long git may take for one question: a repository on a dead network
// mount answers never.
const patience = 30 * time.Second

// A Tree is the files of one commit, which stays the same when a branch moves on.
type Tree struct {
	// Revision is the name that the commit was found by.
	Revision string
	commit   string
}

// Open finds a revision in the repository of the current directory: a branch, a tag or
// whatever else gitrevisions(7) gives a commit for.
func Open(rev string) (*Tree, error) {
	switch {
	case rev == "":
		return nil, errors.New("there is no revision before the colon: expected REV:path")
	case strings.HasPrefix(rev, "-"):
		return nil, fmt.Errorf("the revision %q begins with a dash, as an option of git would", rev)
	case strings.ContainsAny(rev, "\x00\n"):
		return nil, fmt.Errorf("the revision %q has a line break in it", rev)
	}
	var found bytes.Buffer
	err := git(nil, func(out io.Reader) error {
		_, err := io.Copy(&found, io.LimitReader(out, maxAnswer))
		return err
	}, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return nil, fmt.Errorf("git knows no revision %q here", rev)
	case err != nil:
		return nil, fmt.Errorf("find the revision %q: %w", rev, err)
	}
	return &Tree{rev, strings.TrimSpace(found.String())}, nil
}

// maxAnswer bounds what is read of what git says beside the contents of a file.
const maxAnswer = 4096

// Read gives a file of the tree, and at most limit bytes of it. The path is as git takes
// it: from the top of the repository, or from the current directory if it begins with
// "./" or "../". Symbolic links are followed inside of the tree. The error is
// [fs.ErrNotExist] where there is no such file.
func (t *Tree) Read(path string, limit int64) ([]byte, error) {
	if path == "" || strings.ContainsAny(path, "\x00\n") {
		return nil, fmt.Errorf("%q is no path of a file in a revision: expected REV:path", path)
	}
	missing := &fs.PathError{Op: "read", Path: t.Revision + ":" + path, Err: fs.ErrNotExist}
	var text []byte
	err := git(strings.NewReader(t.commit+":"+path+"\n"), func(out io.Reader) error {
		answer := bufio.NewReaderSize(out, maxAnswer)
		line, err := answer.ReadString('\n')
		if err != nil {
			return nil // git says on stderr why it does not answer
		}
		kind, size, err := parseAnswer(line)
		switch {
		case err != nil:
			return fmt.Errorf("git answers %q", line)
		case kind == "":
			return missing
		case kind == "symlink":
			return fmt.Errorf("%s:%s is a symbolic link that leads out of the repository", t.Revision, path)
		case kind != "blob":
			return fmt.Errorf("%s:%s is a directory: expected a file", t.Revision, path)
		}
		text, err = io.ReadAll(io.LimitReader(answer, min(size, limit)))
		return err
	}, "cat-file", "--batch", "--follow-symlinks")
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s:%s: %w", t.Revision, path, err)
	case text == nil:
		return nil, fmt.Errorf("read %s:%s: git gave no answer", t.Revision, path)
	}
	return text, nil
}

// parseAnswer reads the first line that git-cat-file(1) gives for an object. kind is
// empty where there is none.
func parseAnswer(line string) (kind string, size int64, err error) {
	line = strings.TrimSuffix(line, "\n")
	words := strings.Split(line, " ")
	switch words[0] {
	case "symlink":
		return "symlink", 0, nil
	case "dangling", "loop", "notdir":
		return "", 0, nil
	}
	if strings.HasSuffix(line, " missing") {
		return "", 0, nil
	}
	if len(words) != 3 {
		return "", 0, errors.New("no kind and size")
	}
	size, err = strconv.ParseInt(words[2], 10, 64)
	return words[1], size, err
}

// git runs one command and gives what it prints to read. What read leaves is not waited
// for.
func git(in io.Reader, read func(out io.Reader) error, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-pager", "--no-replace-objects"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0")
	cmd.Stdin = in
	cmd.WaitDelay = time.Second
	said := &firstBytes{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("git is not installed, and what stands in a revision only git can read")
		}
		return fmt.Errorf("start git: %w", err)
	}
	failure := read(out)
	// More of a file than was asked for is never read.
	more, _ := io.CopyN(io.Discard, out, maxAnswer)
	cut := more == maxAnswer
	if cut || failure != nil {
		cancel()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case failure != nil:
		return failure
	case cut:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("git took longer than %s", patience)
	case errors.As(err, &exit) && said.line() != "":
		return errors.New(said.line())
	}
	return err
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct{ kept []byte }

func (f *firstBytes) Write(data []byte) (int, error) {
	f.kept = append(f.kept, data[:min(len(data), maxAnswer-len(f.kept))]...)
	return len(data), nil
}

// line is the first line without what git begins its errors with.
func (f *firstBytes) line() string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(f.kept)), "\n")
	return strings.TrimPrefix(first, "fatal: ")
}
