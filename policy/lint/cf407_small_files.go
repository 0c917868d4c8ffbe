package lint

var smallFiles = Rule{
	Code:     "CF407",
	Severity: Warning,
	Title:    "files may not become as large as a catalog",
	Why: `rlimits.fsize ends the program by SIGXFSZ, or fails its writes with EFBIG, at the first file that would become larger
(setrlimit(2)). Files are not only what it downloads: Airbyte's check, discover and spec have a file for stdout, and what
discover prints, the catalog, takes megabytes for sources with many streams; the CDK's HTTP cache is a SQLite database, whose
writes already fail at 64 KiB.`,
	Instead: "Bound it by the largest file that the program may leave: 64 MiB where it only prints, gigabytes where it transfers files.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nfsize = \"1MiB\"\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[rlimits]\nfsize = \"1GiB\"\n"},
	check: func(s *Subject) []Found {
		return tooSmall(s, []leastLimit{{"fsize", 16 << 20, "16MiB", `fsize = "64MiB"`}},
			"%s: a catalog or a cache can take %s")
	},
}
