// Package notices holds the licences of what pcnrun links and embeds and others
// made.
package notices

import _ "embed"

//go:generate go run ./generate

// Text has a section for each module that pcnrun links on some system, for Go's own
// library, and for the digits and ONNX's messages.
//
//go:embed notices.txt
var Text string
