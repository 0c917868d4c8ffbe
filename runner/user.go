//go:build linux

package runner

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"confine/policy"
)

// Identity is the user that the program runs as.
type Identity struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	// At is the position of process.user, if that is what named the user.
	At policy.Position `json:"at"`
}

// chooseIdentity resolves --user, process.user or the caller, in this order, and
// refuses the users under whom firejail confines nothing. A caller need not have a name.
func chooseIdentity(flag string, p policy.Process) (Identity, error) {
	name, at := flag, policy.Position{}
	if name == "" && p.User != "" {
		name, at = p.User, p.UserAt
	}
	caller := os.Getuid()
	var account *user.User
	var err error
	if name == "" {
		if account, err = user.LookupId(strconv.Itoa(caller)); err != nil {
			account, err = unnamed(caller), nil
		}
	} else if account, err = user.Lookup(name); err != nil && isNumber(name) {
		account, err = user.LookupId(name)
	}
	if err != nil {
		return Identity{}, unknownUser(name, at, err)
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if caller != 0 {
		gid = os.Getgid() // nobody but root can have another one, as under docker run --user 1000:0
	}
	id := Identity{Name: account.Username, UID: uid, GID: gid, At: at}
	switch {
	case uid == 0 && name == "":
		r := refuse("a root caller has to name the user that the program runs as")
		r.Instead = []string{"add --user NAME, or user = \"NAME\" to [process]", "confine doctor says how to make such a user"}
		return Identity{}, r
	case uid == 0:
		r := refuse("the program would run as root%s", where(at))
		r.Found, r.Expected = "user "+name+" with uid 0", "an ordinary user: what confines root is root itself on the host"
		return Identity{}, r
	case id.Name == "nobody", uid == nobody:
		r := refuse("the program would run as nobody%s", where(at))
		r.Expected = "a user of the connector's own: other services share nobody, and firejail refuses it"
		return Identity{}, r
	case caller != 0 && uid != caller:
		r := refuse("only root can run the program as another user%s", where(at))
		r.Found, r.Expected = fmt.Sprintf("caller with uid %d, user %s with uid %d", caller, id.Name, uid), "the same user, or a root caller"
		return Identity{}, r
	}
	return id, nil
}

// unnamed is a caller without an entry in /etc/passwd: its number is its name.
func unnamed(uid int) *user.User {
	number := strconv.Itoa(uid)
	return &user.User{Username: number, Uid: number, Gid: number}
}

func unknownUser(name string, at policy.Position, err error) error {
	var noName user.UnknownUserError
	var noID user.UnknownUserIdError
	if errors.As(err, &noName) || errors.As(err, &noID) {
		r := refuse("there is no user %q%s", name, where(at))
		r.Instead = []string{"useradd --system --user-group --no-create-home --shell /usr/sbin/nologin " + safeWord(name)}
		return r
	}
	return refuse("look up user %q: %v", name, err)
}

// isNumber reports whether a user was named by its id.
func isNumber(name string) bool {
	_, err := strconv.ParseUint(name, 10, 32)
	return err == nil
}

// safeWord repeats a name only if useradd(8) would take it, and a shell as one word.
func safeWord(name string) string {
	if name == "" || name[0] == '-' || name[0] >= '0' && name[0] <= '9' || strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}) {
		return "NAME"
	}
	return name
}

// where names the policy line behind a message, if there is one.
func where(at policy.Position) string {
	if at.IsZero() {
		return ""
	}
	return " (" + at.String() + ")"
}
