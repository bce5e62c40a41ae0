package model

import (
	"fmt"
	"strings"

	"example.com/pcn/internal/tensorfile"
)

// metadataPrefix begins the keys of a model file's metadata that are pcn's.
const metadataPrefix = tensorfile.Prefix

// SetMetadata attaches a text to the network, which [Network.Save] writes with
// it and [Load] reads back: what a program needs to know to use the network,
// such as how its inputs are scaled. Keys begin with "pcn."; those of the
// configuration and the hash are taken. An empty value removes the key.
func (n *Network) SetMetadata(key, value string) error {
	if !strings.HasPrefix(key, metadataPrefix) || key == metadataKey || key == tensorfile.SumKey {
		return fmt.Errorf("model: metadata key %q: must begin with %q and be neither %q nor %q", key, metadataPrefix, metadataKey, tensorfile.SumKey)
	}
	if n.metadata == nil {
		n.metadata = map[string]string{}
	}
	if n.metadata[key] = value; value == "" {
		delete(n.metadata, key)
	}
	return nil
}

// Metadata returns the text attached under key, empty if there is none.
func (n *Network) Metadata(key string) string { return n.metadata[key] }
