package lint

var fileRules = []*Rule{&invalidFile}
