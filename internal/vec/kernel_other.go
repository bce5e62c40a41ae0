//go:build !amd64

package vec

// builtin lists the kernels that the machine can run, the preferred ones first.
func builtin() []backend { return []backend{portable()} }
