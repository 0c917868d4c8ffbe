package lint

var capabilityRules = []*Rule{}
