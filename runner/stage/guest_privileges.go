//go:build linux

package stage

import (
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"confine/policy"
)

// checkPrivileges asks the guest's kernel for what proc_pid_status(5) tells elsewhere:
// a guest can be without /proc.
func checkPrivileges() []Check {
	check := func(clause, subject, expected, found string) Check {
		return equal(clause, subject, policy.Position{}, expected, found)
	}
	inheritable, permitted, effective, err := capabilities()
	if err != nil {
		inheritable, permitted, effective = ^uint64(0), ^uint64(0), ^uint64(0)
	}
	const empty = "0000000000000000"
	set := func(mask uint64) string { return fmt.Sprintf("%016x", mask) }
	r, e, s := unix.Getresuid()
	rg, eg, sg := unix.Getresgid()
	groups, err := unix.Getgroups()
	found := fmt.Sprint(groups)
	if err != nil {
		found = err.Error()
	}
	return []Check{
		check(sandboxClause, "NoNewPrivs", "1", prctl(unix.PR_GET_NO_NEW_PRIVS, 0)),
		check(policy.ClauseProcessUser, "user ids in the guest", "0 0 0", fmt.Sprint(r, e, s)),
		check(policy.ClauseProcessUser, "group ids in the guest", "0 0 0", fmt.Sprint(rg, eg, sg)),
		check(policy.ClauseProcessUser, "supplementary groups in the guest", "[]", found),
		check(policy.ClauseCapabilitiesKeep, "CapInh", empty, set(inheritable)),
		check(policy.ClauseCapabilitiesKeep, "CapPrm", empty, set(permitted)),
		check(policy.ClauseCapabilitiesKeep, "CapEff", empty, set(effective)),
		check(policy.ClauseCapabilitiesKeep, "CapBnd", empty, set(each(func(c int) bool { return prctl(unix.PR_CAPBSET_READ, c) == "1" }))),
		check(policy.ClauseCapabilitiesKeep, "CapAmb", empty, set(each(func(c int) bool { return ambient(c) }))),
	}
}

func prctl(option, argument int) string {
	got, err := unix.PrctlRetInt(option, uintptr(argument), 0, 0, 0)
	if err != nil {
		return unix.ErrnoName(errno(err))
	}
	return strconv.Itoa(got)
}

func ambient(capability int) bool {
	got, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, uintptr(capability), 0, 0)
	return err == nil && got == 1
}

// each makes a set of the capabilities for which something holds.
func each(holds func(capability int) bool) (set uint64) {
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		if holds(c) {
			set |= 1 << c
		}
	}
	return set
}

// capabilities are the three sets of capget(2).
func capabilities() (inheritable, permitted, effective uint64, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if _, _, e := unix.RawSyscall(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0); e != 0 {
		return 0, 0, 0, e
	}
	for i, d := range data {
		inheritable |= uint64(d.Inheritable) << (32 * i)
		permitted |= uint64(d.Permitted) << (32 * i)
		effective |= uint64(d.Effective) << (32 * i)
	}
	return inheritable, permitted, effective, nil
}
