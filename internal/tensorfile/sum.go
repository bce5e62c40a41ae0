package tensorfile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nlpodyssey/safetensors"
	"gorgonia.org/tensor"
)

// SumKey is the text that holds the SHA-256 of all else that pcn writes to a file:
// of each tensor and of each text of pcn's own. Texts whose keys do not begin with
// Prefix are of other programs.
const (
	Prefix = "pcn."
	SumKey = Prefix + "sha256"
)

// ErrNoSum says that a file has no hash, as those of other programs have none.
var ErrNoSum = errors.New("has no " + SumKey)

// Check compares the hash among texts with what it is of.
func Check(tensors map[string]safetensors.TensorView, texts map[string]string) error {
	stated, ok := texts[SumKey]
	if !ok {
		return ErrNoSum
	}
	if is := sum(tensors, texts); stated != is {
		return fmt.Errorf("%s: must be the hash of what was written, %.66q, got %s: the file is damaged, or was changed by another program", SumKey, stated, is)
	}
	return nil
}

// withSum returns views of tensors, and texts with the hash.
func withSum(tensors map[string]*tensor.Dense, texts map[string]string) (map[string]safetensors.TensorView, map[string]string, error) {
	views := map[string]safetensors.TensorView{}
	for name, d := range tensors {
		var err error
		if views[name], err = View(d); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	all := map[string]string{}
	maps.Copy(all, texts)
	all[SumKey] = sum(views, texts)
	return views, all, nil
}

// sum returns the hash, in hexadecimal. It does not depend on the order in which a
// file holds things.
func sum(tensors map[string]safetensors.TensorView, texts map[string]string) string {
	hash := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		if strings.HasPrefix(key, Prefix) && key != SumKey {
			fmt.Fprintf(hash, "%q %q\n", key, texts[key])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		v := tensors[name]
		fmt.Fprintf(hash, "%q %v %v\n", name, v.DType(), v.Shape())
		hash.Write(v.Data())
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}
