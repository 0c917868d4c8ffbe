package lint

var rlimitRules = []*Rule{}
