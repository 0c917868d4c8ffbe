package lint

var capabilityRules = []*Rule{&rootCapability, &networkCapability, &processCapability, &otherCapability}
