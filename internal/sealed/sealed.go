// Package sealed writes JSON objects that tell when anything in them has changed.
package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// member begins the last member of a sealed object, without white space.
const member = `,"sha256":"`

// Marshal returns the JSON of v, which must be an object that is not empty, with a
// last member sha256: the hash, in hexadecimal, of what v alone is as JSON.
func Marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(text[:len(text)-1], "%s%x\"}", member, sha256.Sum256(text)), nil
}

// Unmarshal reads into v what Marshal wrote, with white space or without, and
// refuses anything else.
func Unmarshal(text []byte, v any) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return err
	}
	at := bytes.LastIndex(compact.Bytes(), []byte(member))
	if at < 0 {
		return errors.New("has no sha256 at its end: it was cut, or is of an older version")
	}
	stated := compact.Bytes()[at+len(member):]
	alone := append(bytes.Clone(compact.Bytes()[:at]), '}')
	if is := fmt.Sprintf("%x\"}", sha256.Sum256(alone)); is != string(stated) {
		return fmt.Errorf("sha256: must be the hash of what was written, got %.64q: the file is damaged, or was changed", stated)
	}
	return json.Unmarshal(alone, v)
}
