package pgwire

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/session"
	"millrace/types"
)

// extended answers a message of the extended query protocol. Its error ends the statement, not the connection,
// unless it is fatal.
func (c *conn) extended(kind byte, body []byte) error {
	switch kind {
	case 'P':
		var m pgproto3.Parse
		if err := m.Decode(body); err != nil {
			return framingError("malformed Parse message")
		}
		if err := c.sess.Parse(m.Name, m.Query, m.ParameterOIDs); err != nil {
			return err
		}
		c.append(&pgproto3.ParseComplete{})
	case 'B':
		return c.bind(body)
	case 'D':
		var m pgproto3.Describe
		if err := m.Decode(body); err != nil {
			return framingError("malformed Describe message")
		}
		return c.describe(m.ObjectType, m.Name)
	case 'E':
		var m pgproto3.Execute
		if err := m.Decode(body); err != nil {
			return framingError("malformed Execute message")
		}
		return c.execute(&m)
	case 'C':
		var m pgproto3.Close
		if err := m.Decode(body); err != nil {
			return framingError("malformed Close message")
		}
		switch m.ObjectType {
		case 'S':
			c.sess.CloseStatement(m.Name)
		case 'P':
			c.sess.ClosePortal(m.Name)
			delete(c.portals, m.Name)
		default:
			return framingError("invalid CLOSE message subtype %d", m.ObjectType)
		}
		c.append(&pgproto3.CloseComplete{})
	}
	return nil
}

func (c *conn) bind(body []byte) error {
	var m pgproto3.Bind
	if err := m.Decode(body); err != nil {
		return framingError("malformed Bind message")
	}
	for _, codes := range [][]int16{m.ParameterFormatCodes, m.ResultFormatCodes} {
		for _, f := range codes {
			if f != 0 && f != 1 {
				return pgerr.New(pgerr.InvalidParameterValue, "unsupported format code: %d", f)
			}
		}
	}
	n := len(m.Parameters)
	if k := len(m.ParameterFormatCodes); k > 1 && k != n {
		return pgerr.New(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", k, n)
	}
	params := make([]session.Param, n)
	for i, v := range m.Parameters {
		f := &portalFormats{m.ParameterFormatCodes}
		params[i] = session.Param{Null: v == nil, Binary: f.binary(i), Value: v}
	}
	if m.DestinationPortal == "" {
		c.sess.ClosePortal("")
	}
	if err := c.sess.Bind(m.DestinationPortal, m.PreparedStatement, params); err != nil {
		return err
	}
	cols, err := c.sess.DescribePortal(m.DestinationPortal)
	if err != nil {
		return err
	}
	if k := len(m.ResultFormatCodes); k > 1 && k != len(cols) {
		c.sess.ClosePortal(m.DestinationPortal)
		return pgerr.New(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", k, len(cols))
	}
	c.portals[m.DestinationPortal] = &portalFormats{append([]int16(nil), m.ResultFormatCodes...)}
	c.append(&pgproto3.BindComplete{})
	return nil
}

func (c *conn) describe(kind byte, name string) error {
	switch kind {
	case 'S':
		d, err := c.sess.Describe(name)
		if err != nil {
			return err
		}
		oids := make([]uint32, len(d.Params))
		for i, t := range d.Params {
			oids[i] = t.OID()
		}
		c.append(&pgproto3.ParameterDescription{ParameterOIDs: oids})
		c.appendColumns(d.Columns, nil)
		return nil
	case 'P':
		cols, err := c.sess.DescribePortal(name)
		if err != nil {
			return err
		}
		c.appendColumns(cols, c.portals[name])
		return nil
	}
	return framingError("invalid DESCRIBE message subtype %d", kind)
}

// appendColumns announces a result's columns, or that there are none.
func (c *conn) appendColumns(cols []physical.Column, formats *portalFormats) {
	if cols == nil {
		c.append(&pgproto3.NoData{})
		return
	}
	fields := make([]pgproto3.FieldDescription, len(cols))
	for i, col := range cols {
		t := col.T
		if t.Kind == types.Unknown {
			t = types.Of(types.Text)
		}
		fields[i] = pgproto3.FieldDescription{
			Name: []byte(col.Name), TableOID: col.Table, TableAttributeNumber: uint16(col.Attr),
			DataTypeOID: t.OID(), DataTypeSize: t.Len(), TypeModifier: t.Mod,
		}
		if formats.binary(i) {
			fields[i].Format = 1
		}
	}
	c.append(&pgproto3.RowDescription{Fields: fields})
}

func (c *conn) execute(m *pgproto3.Execute) error {
	c.formats, c.columns = c.portals[m.Portal], false
	final := c.reader.nextIs('S')
	suspended, err := c.sess.Execute(c.srv.ctx, m.Portal, int64(m.MaxRows), final, client{c})
	if err != nil {
		return err
	}
	if suspended {
		c.append(&pgproto3.PortalSuspended{})
	}
	return nil
}
