package data

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const (
	maxRecordBytes = 4 << 20
	textBuffer     = 64 << 10
)

var byteOrderMark = []byte("\ufeff")

// firstRecord returns the first record that is not blank, or as much of it as the
// buffer of text holds, without reading it. It waits for no more than that record,
// since the next may be long in coming.
func firstRecord(text *bufio.Reader) []byte {
	for n := 1; ; n = text.Buffered() + 1 {
		_, err := text.Peek(n)
		buffered, _ := text.Peek(text.Buffered())
		record := bytes.TrimLeft(bytes.TrimPrefix(buffered, byteOrderMark), " \t\r\n")
		if end := recordEnd(record); end >= 0 {
			return record[:end]
		}
		if err != nil { // the end, or a record longer than the buffer
			return record
		}
	}
}

// recordEnd returns where the first line break is that is not within quotes, -1
// where there is none.
func recordEnd(text []byte) int {
	within := false
	for i, c := range text {
		switch {
		case c == '"':
			within = !within
		case c == '\n' && !within:
			return i
		}
	}
	return -1
}

// separator returns what separates the fields of a record: of semicolon, tab, bar and
// comma the one that is there most often outside of quotes. Commas between digits may
// stand in numbers, and count only where there is no other.
func separator(record []byte) rune {
	var counts [256]int
	within, decimal := false, 0
	digit := func(i int) bool { return i >= 0 && i < len(record) && '0' <= record[i] && record[i] <= '9' }
	for i, c := range record {
		if c == '"' {
			within = !within
		}
		if !within {
			counts[c]++
			if c == ',' && digit(i-1) && digit(i+1) {
				decimal++
			}
		}
	}
	best := ';'
	for _, c := range "\t|" {
		if counts[c] > counts[best] {
			best = c
		}
	}
	if counts[best] == 0 || counts[','] >= counts[best] && counts[','] > decimal {
		return ','
	}
	return best
}

// plainText returns a text as bytes of UTF-8, or of what decoded makes UTF-8: one of
// UTF-16 has its byte order mark, or zeros for half of its first letter.
func plainText(b *bufio.Reader) io.Reader {
	switch first, _ := b.Peek(2); {
	case len(first) < 2:
	case first[0] == 0xff && first[1] == 0xfe || first[0] != 0 && first[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(b)
	case first[0] == 0xfe && first[1] == 0xff || first[0] == 0 && first[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(b)
	}
	return b
}

// decoded returns a text as UTF-8. What is not UTF-8 is taken for Windows' Latin-1.
func decoded(text string) (utf string, latin bool) {
	if utf8.ValidString(text) {
		return text, false
	}
	utf, err := charmap.Windows1252.NewDecoder().String(text)
	if err != nil { // it maps every byte
		panic(err)
	}
	return utf, true
}

// boundedReader fails once more than max bytes are read, or more than allow: the
// parser moves allow on from record to record, and would hold a whole record in
// memory whatever its length.
type boundedReader struct {
	r                io.Reader
	read, max, allow int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	switch {
	case b.read > b.max:
		return 0, fmt.Errorf("must be at most %d bytes of text, got more", b.max)
	case b.read > b.allow:
		return 0, fmt.Errorf("a line longer than %d bytes, must be numbers", maxRecordBytes)
	}
	// One byte more than allowed tells a long file from one that ends there.
	if room := min(b.max, b.allow) - b.read; int64(len(p))-1 > room {
		p = p[:room+1]
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}
