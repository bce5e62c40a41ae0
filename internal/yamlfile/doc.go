// Package yamlfile reads settings in YAML that people wrote by hand. It finds all
// that is wrong with them, each mistake with its line and column, and what was
// expected there.
//
// It reads mappings, lists and plain values. What settings do not need is
// refused: anchors and aliases, with which a short text grows long, tags, merge
// keys and several documents. What it allocates is bounded by the text's length,
// and that by [MaxSize].
package yamlfile
