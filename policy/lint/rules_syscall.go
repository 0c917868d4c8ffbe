package lint

var syscallRules = []*Rule{}
