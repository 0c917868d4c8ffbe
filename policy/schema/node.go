package schema

// node is a JSON Schema, with its keywords in the order in which a person reads them.
type node struct {
	Schema      string `json:"$schema,omitempty"`
	Comment     string `json:"$comment,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	Enum        []any  `json:"enum,omitempty"`
	Pattern     string `json:"pattern,omitempty"`

	Minimum *uint64 `json:"minimum,omitempty"`
	Maximum *uint64 `json:"maximum,omitempty"`

	Items    *node `json:"items,omitempty"`
	MinItems int   `json:"minItems,omitempty"`

	Properties           map[string]*node `json:"properties,omitempty"`
	PatternProperties    map[string]*node `json:"patternProperties,omitempty"`
	AdditionalProperties *bool            `json:"additionalProperties,omitempty"`
	Required             []string         `json:"required,omitempty"`

	AnyOf []*node `json:"anyOf,omitempty"`
	Not   *node   `json:"not,omitempty"`
	If    *node   `json:"if,omitempty"`
	Then  *node   `json:"then,omitempty"`
	Else  *node   `json:"else,omitempty"`

	Default  any   `json:"default,omitempty"`
	Examples []any `json:"examples,omitempty"`
	// Taplo says what each value of Enum means; validators take no notice of it.
	Taplo *taplo `json:"x-taplo,omitempty"`

	Definitions map[string]*node `json:"definitions,omitempty"`
}

// taplo is the extension that taplo's completions read.
type taplo struct {
	Docs struct {
		EnumValues []string `json:"enumValues"`
	} `json:"docs"`
}
