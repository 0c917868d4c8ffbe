//go:build linux

package runner

import (
	"fmt"
	"os"
	"syscall"

	"confine/compiler/gvisor"
)

// keeperNamespaces are the namespaces that a keeper lives in. It is root there, and on
// the host the user of the program: whatever comes out of the guest is an ordinary
// user. The PID namespace makes its end the end of everything, and the mount namespace
// takes all files of a launch with it.
func keeperNamespaces(uid, gid int) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}},
		Credential:  &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true},
	}
	if os.Getuid() == 0 {
		// Only root can map others than itself, and drop its groups.
		attr.GidMappingsEnableSetgroups = true
		attr.Credential.NoSetGroups = false
	}
	return attr
}

// guestNamespaces are those of the keeper of one guest: with a gateway also the network
// namespace that the guest gets, see [gvisor.KeeperID].
func guestNamespaces(uid, gid int, gateway bool) *syscall.SysProcAttr {
	attr := keeperNamespaces(uid, gid)
	if gateway {
		attr.Cloneflags |= syscall.CLONE_NEWNET
		attr.UidMappings[0].ContainerID, attr.GidMappings[0].ContainerID = gvisor.KeeperID, gvisor.KeeperID
		attr.Credential.Uid, attr.Credential.Gid = gvisor.KeeperID, gvisor.KeeperID
		attr.AmbientCaps = allCapabilities()
	}
	return attr
}

// keeperTrialArgument makes the binary a keeper that only tries its namespaces.
const keeperTrialArgument = "__keep-trial"

// keeperTrialMain prints what a keeper could not do.
func keeperTrialMain() int { return tried(makeKeeperRoot()) }

// tried prints why a trial failed.
func tried(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return 1
	}
	return 0
}
