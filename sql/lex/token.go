package lex

import "millrace/pgerr"

// Kind is the kind of a token. A character that is a token of its own, such as ( or +, has its byte as its kind.
type Kind uint8

// The other kinds, beyond ASCII.
const (
	EOF          Kind = iota + 128
	Error             // the text is not SQL from here on: see Tokens.Err
	Ident             // identifier; Kw says whether it is a keyword
	QuotedIdent       // identifier in double quotes: never a keyword
	String            // string constant; Text is its value
	BitString         // B'...'; Text is what stands between the quotes
	HexString         // X'...'
	Integer           // digits only
	Numeric           // digits with a point or an exponent
	Param             // $1; Text is the digits
	Op                // an operator that has no kind of its own
	Cast              // ::
	DotDot            // ..
	Assign            // :=
	Arrow             // =>
	LessEqual         // <=
	GreaterEqual      // >=
	NotEqual          // <> and !=; Text is <>
)

// Token is one token of a text.
type Token struct {
	// Text is the value: a folded identifier, a decoded string, an operator's name.
	Text  string
	Start int32 // byte offset of the first byte
	End   int32 // byte offset after the last byte
	Pos   int32 // 1-based position of the first character
	Kw    Keyword
	Kind  Kind
}

// Tokens is a scanned text.
type Tokens struct {
	List []Token // ends with EOF or Error
	// Err is the error of an Error token at the end of List, nil otherwise.
	Err *pgerr.Error
}
