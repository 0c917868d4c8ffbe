package syscalls

import "testing"

// TestSinceFollowsTheNumbers: since Linux 5.1 a call gets the next number on every
// architecture, so that versions rise with the numbers.
func TestSinceFollowsTheNumbers(t *testing.T) {
	const close_range, newest = 436, 471
	for _, arch := range Arches() {
		last := Oldest
		for name, number := range arch.Calls() {
			version, ok := Since(name)
			if number < close_range || name == "uretprobe" || name == "uprobe" {
				continue
			}
			if !ok {
				t.Errorf("%s: %s (%d) has no version", arch, name, number)
			}
			// openat2 and pidfd_getfd came before close_range, and quotactl_fd after Landlock:
			// their numbers had been taken by then.
			if number <= 438 || name == "quotactl_fd" {
				continue
			}
			if version.Before(last) {
				t.Errorf("%s: %s (%d) is of Linux %s, the call before it of %s", arch, name, number, version, last)
			}
			last = version
		}
		if arch.Newest() != newest {
			t.Errorf("%s: the newest call is %d: give it a version", arch, arch.Newest())
		}
	}
}

func TestSince(t *testing.T) {
	for name, version := range since {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
		if !Oldest.Before(version) || version.Before(Kernel{5, 6}) {
			t.Errorf("%s is of Linux %s", name, version)
		}
	}
	for _, name := range []string{"read", "clone3", "pidfd_open", "statx", "io_uring_setup", "scoket"} {
		if version, ok := Since(name); ok {
			t.Errorf("%s is of Linux %s", name, version)
		}
	}
	if version, ok := Since("mseal"); !ok || version.String() != "6.10" || !version.Before(Kernel{7, 0}) || version.Before(Kernel{6, 9}) {
		t.Errorf("mseal: %s", version)
	}
}
