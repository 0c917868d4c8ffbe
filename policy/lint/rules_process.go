package lint

var processRules = []*Rule{&noWallTime, &sharedUser}
