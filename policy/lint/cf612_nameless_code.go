package lint

var namelessFiles = Rule{
	Code:     "CF612",
	Severity: Warning,
	Title:    "calls that go around what the policy says of paths",
	Why: `What [filesystem] allows is said of paths. A memory file has none: the program fills it, maps it and starts it, whatever exec and map
say (memfd_create(2)). A handle names a file by its inode, past its directories (open_by_handle_at(2)). Watches tell the
names of files in directories that are hidden, for Landlock has no right for them (landlock(7)).`,
	Instead: "Take it out. A file in a `tmp` directory does what a memory file does, and cannot be executed.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"memfd_create\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"memfd_create", "it fills a file without a path, and maps and starts it"},
			{"memfd_secret", "it fills memory that no path names, and maps it"},
			{"execveat", "it starts an open file, by no name"},
			{"open_by_handle_at", "it opens files by their inode, past their directories"},
			{"name_to_handle_at", "it gives handles, which lead past directories"},
			{"fanotify_init", "its watches tell which files others use"},
			{"inotify_init", "its watches tell the names of files in hidden directories"},
			{"inotify_init1", "its watches tell the names of files in hidden directories"},
			{"uselib", "it loads a library as code"},
		})
	},
}
