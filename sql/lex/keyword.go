package lex

// Keyword is a keyword's number.
type Keyword uint16

// Class says where a keyword may be used as a name, as in appendix C of PostgreSQL's documentation.
type Class uint8

const (
	Unreserved   Class = iota // anywhere
	ColumnName                // as a column or table, not as a function or type
	TypeFuncName              // as a function or type, not as a column or table
	Reserved                  // only as a label after AS
)

// KeywordInfo describes a keyword.
type KeywordInfo struct {
	Word      string // in lower case
	Class     Class
	BareLabel bool // may be a column label without AS
	Extension bool // Millrace's own
}

var keywordByWord = func() map[string]Keyword {
	m := make(map[string]Keyword, keywordCount)
	for k := NoKeyword + 1; k < keywordCount; k++ {
		m[keywords[k].Word] = k
	}
	return m
}()

// keywordLengthMax is the length of the longest keyword, so that longer identifiers need no lookup.
var keywordLengthMax = func() int {
	n := 0
	for _, k := range keywords {
		n = max(n, len(k.Word))
	}
	return n
}()

// Lookup gives the keyword of a word in lower case, or NoKeyword.
func Lookup(word string) Keyword { return keywordByWord[word] }

// Info describes a keyword.
func (k Keyword) Info() KeywordInfo { return keywords[k] }

// String is the word in lower case.
func (k Keyword) String() string { return keywords[k].Word }

// Keywords lists all keywords by their words.
func Keywords() []KeywordInfo { return append([]KeywordInfo(nil), keywords[1:]...) }
