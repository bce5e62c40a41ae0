package linear

import (
	"fmt"
	"strconv"
	"strings"

	"example.com/pcn/internal/shape"
)

const (
	convName      = "conv"
	transposeName = "conv-transpose"
)

// String returns it as ParseMap reads it: conv 5x5 pad 2.
func (m Conv) String() string { return m.text(convName) }

// String returns it as ParseMap reads it: conv-transpose 4x4 stride 2 pad 1.
func (m ConvTranspose) String() string {
	text := m.text(transposeName)
	if m.OutputPadding != [2]int{} {
		text += " output-pad " + pairText(m.OutputPadding)
	}
	return text
}

func (m Conv) text(name string) string {
	if m.Kernel == [2]int{} {
		return name
	}
	text := name + " " + pairText(m.Kernel)
	if s := both(m.Stride, 1); s != [2]int{1, 1} {
		text += " stride " + pairText(s)
	}
	if m.Same {
		text += " pad same"
	} else if m.Padding != [2]int{} {
		text += " pad " + pairText(m.Padding)
	}
	if d := both(m.Dilation, 1); d != [2]int{1, 1} {
		text += " dilate " + pairText(d)
	}
	if m.Groups > 1 {
		text += fmt.Sprintf(" groups %d", m.Groups)
	}
	return text
}

// WithArguments returns the convolution of the words behind the name: the kernel, and what
// else is told.
func (m Conv) WithArguments(words []string) (Map, error) {
	err := m.read(convName, words, nil)
	return m, err
}

// WithArguments returns the transposed convolution of the words behind the name.
func (m ConvTranspose) WithArguments(words []string) (Map, error) {
	err := m.read(transposeName, words, &m.OutputPadding)
	return m, err
}

func (m *Conv) read(name string, words []string, beside *[2]int) (err error) {
	if len(words) == 0 {
		return fmt.Errorf("%s: kernel: must be a size such as 3 or 3x3, got none", name)
	}
	if m.Kernel, err = parsePair(words[0], 1); err != nil {
		return fmt.Errorf("%s: kernel: %w", name, err)
	}
	pairs := map[string]*[2]int{"stride": &m.Stride, "pad": &m.Padding, "dilate": &m.Dilation}
	known := "stride, pad, dilate or groups"
	if beside != nil {
		pairs["output-pad"] = beside
		known = "stride, pad, dilate, groups or output-pad"
	}
	for rest := words[1:]; len(rest) > 0; rest = rest[2:] {
		word, into := rest[0], pairs[rest[0]]
		switch {
		case into == nil && word != "groups":
			return fmt.Errorf("%s: must be told %s, got %q", name, known, word)
		case len(rest) == 1:
			return fmt.Errorf("%s: %s: must have a number behind it, got none", name, word)
		case word == "groups":
			if m.Groups, err = strconv.Atoi(rest[1]); err != nil || m.Groups < 1 {
				err = fmt.Errorf("must be a number > 0, got %q", rest[1])
			}
		case word == "pad" && rest[1] == "same":
			m.Same = true
		default:
			least := 1
			if strings.HasSuffix(word, "pad") {
				least = 0
			}
			*into, err = parsePair(rest[1], least)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", name, word, err)
		}
	}
	for _, p := range []*[2]int{&m.Stride, &m.Dilation} {
		if *p == [2]int{1, 1} {
			*p = [2]int{} // as where it is not told
		}
	}
	if m.Groups == 1 {
		m.Groups = 0
	}
	return nil
}

// pairText returns rows and columns: 3 for 3x3.
func pairText(p [2]int) string {
	if p[0] == p[1] {
		return strconv.Itoa(p[0])
	}
	return fmt.Sprintf("%dx%d", p[0], p[1])
}

// parsePair returns rows and columns of a text such as 3x5, or 3 for both.
func parsePair(text string, least int) (p [2]int, err error) {
	s, err := shape.Parse(text, least)
	if err == nil && len(s) > 2 {
		err = fmt.Errorf("must be one or two numbers, got %q", text)
	}
	if err != nil {
		return p, err
	}
	return [2]int{s[0], s[len(s)-1]}, nil
}
