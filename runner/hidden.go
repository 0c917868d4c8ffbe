//go:build linux

package runner

import (
	"os"
	"runtime"

	"confine/compiler/gvisor"
	"confine/runner/stage"
)

// hiddenMains are the processes that the runner starts from its own binary.
var hiddenMains = map[string]func() int{
	stage.Argument:       stage.Main,
	gvisor.GuestArgument: stage.GuestMain,
	launcherArgument:     launcherMain,
	controlsArgument:     controlsMain,
	wardenArgument:       wardenMain,
	wardenAgainArgument:  wardenAgainMain,
	removerArgument:      removerMain,
	watcherArgument:      watcherMain,
	wardenTrialArgument:  wardenTrialMain,
	keeperArgument:       keeperMain,
	keeperTrialArgument:  keeperTrialMain,

	keeperGatewayTrialArgument: keeperGatewayTrialMain,
	guardArgument:              guardMain,
	generatorArgument:          generatorMain,
}

func hiddenMain() (func() int, bool) {
	if len(os.Args) != 2 {
		return nil, false
	}
	main, ok := hiddenMains[os.Args[1]]
	return main, ok
}

// execve keeps the thread that calls it, and PR_SET_PDEATHSIG follows the thread
// that forked: both have to be the main thread, which only init can still lock.
func init() { runtime.LockOSThread() }

// Hidden runs the process that a hidden argument asks for. The caller must call
// it first of all, and exit with the code if ok.
func Hidden() (code int, ok bool) {
	main, ok := hiddenMain()
	if !ok {
		return 0, false
	}
	return main(), true
}
