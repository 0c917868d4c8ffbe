package firejail

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// maxLine is far below the 8191 bytes at which firejail splits a line and
// parses its tail as a directive of its own (profile.c, fgets).
const maxLine = 4096

// portable are the ASCII characters that mean themselves in every release of
// firejail. The others are rejected by one of them (firejail issues #7183, #7186)
// or change the path without a word: "#" and control characters cut it short, so
// that its parent is named, and globs are expanded. There is no quoting.
const portable = "abcdefghijklmnopqrstuvwxyz" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "0123456789" + "./_-+:=@~ "

const expressible = "A-Z a-z 0-9 . / _ - + : = @ ~, single blanks and letters beyond ASCII"

// inexpressible says why firejail cannot be given a path, or "".
//
// Bytes beyond ASCII are left alone by firejail's reader, its checks and its
// globs: it never leaves the C locale.
func inexpressible(name string) string {
	if !utf8.ValidString(name) {
		return "it is not UTF-8"
	}
	for _, r := range name {
		switch {
		case r < 0x20:
			return fmt.Sprintf("the control character %U would end it", r)
		case r < utf8.RuneSelf && !strings.ContainsRune(portable, r):
			return fmt.Sprintf("the character %q would change its meaning", r)
		}
	}
	switch {
	case name == "/" || !path.IsAbs(name) || path.Clean(name) != name:
		// firejail takes it apart as it is: the first directory of "//a" is "/".
		return "it is not the shortest absolute form"
	case strings.Contains(name, "  "):
		return "firejail collapses several blanks into one"
	case strings.HasSuffix(name, " "), strings.Contains(name, " /"):
		// Lines end with the directories on the way, too.
		return "firejail drops a blank at the end of a name"
	case strings.Contains(name, ".."):
		return "firejail refuses two dots in a row"
	case len(name) > maxLine-len("noblacklist \n"):
		return fmt.Sprintf("the line would be longer than %d bytes", maxLine)
	}
	return ""
}
