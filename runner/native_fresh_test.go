//go:build linux

package runner

import (
	"slices"
	"testing"
)

// Values that name a tmp entry name its fresh directory; what only begins like one does not.
func TestNameFresh(t *testing.T) {
	fresh := map[string]string{"/tmp": "/tmp/fresh-1", "/var/tmp": "/var/tmp/fresh-2"}
	for _, tc := range []struct {
		name      string
		fresh     map[string]string
		env, want []string
	}{
		{"unsaid", fresh, nil, []string{"TMPDIR=/tmp/fresh-1"}},
		{"the entry", fresh, []string{"TMPDIR=/tmp"}, []string{"TMPDIR=/tmp/fresh-1"}},
		{"below it", fresh, []string{"TMPDIR=/var/tmp/a/b"}, []string{"TMPDIR=/var/tmp/fresh-2/a/b"}},
		{"elsewhere", fresh, []string{"TMPDIR=/srv"}, []string{"TMPDIR=/srv"}},
		{
			"another variable", fresh,
			[]string{"HOME=/tmp/home", "A=b=/tmp"},
			[]string{"HOME=/tmp/fresh-1/home", "A=b=/tmp", "TMPDIR=/tmp/fresh-1"},
		},
		{"alike", fresh, []string{"TMPDIR=/tmpfiles"}, []string{"TMPDIR=/tmpfiles"}},
		{"no tmp entry", nil, []string{"HOME=/tmp"}, []string{"HOME=/tmp"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := nameFresh(tc.env, tc.fresh); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
