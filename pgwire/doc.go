// Package pgwire speaks the PostgreSQL frontend/backend protocol, version 3, to clients: start-up, TLS,
// authentication, simple and extended query, COPY and cancellation. It turns messages into calls of package session
// and implements session.Client by writing results into the connection's buffer; it knows no SQL.
//
// A connection is one goroutine. Its life: the first packet is read from the bare connection, byte for byte, so that
// nothing that came before a TLS handshake can be taken for something that came after it; then TLS or not, start-up
// packet, authentication, and the message loop until Terminate, an error of framing, or the server's end.
//
// Limits hold before anything is believed: a start-up packet is at most 10,000 bytes, an authentication message
// 64 KiB, a later message Config.MessageBytesMax; buffers grow as bytes arrive, never by what a header
// announces. A framing error is fatal: the connection is closed without looking at what follows. A panic ends its
// connection and nothing else. Writes have a deadline, so that a client that does not read is dropped.
//
// After an error in the extended protocol everything is skipped until Sync, as the protocol demands.
package pgwire
