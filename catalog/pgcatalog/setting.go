package pgcatalog

// Setting is a row of pg_settings.
type Setting struct {
	Name, Value, Initial, Doc string
	ReadOnly, Changed         bool
}

// settingLister is a session that can tell all its settings.
type settingLister interface{ Settings() []Setting }

func settings(s *Source, t *table) {
	l, ok := s.Session.(settingLister)
	if !ok {
		return
	}
	t.defaults("category", "Millrace", "vartype", "string", "pending_restart", false)
	for _, x := range l.Settings() {
		context, source, typ := "user", "default", "string"
		if x.ReadOnly {
			context = "internal"
		}
		if x.Changed {
			source = "session"
		}
		if x.Initial == "on" || x.Initial == "off" {
			typ = "bool"
		}
		t.add("name", x.Name, "setting", x.Value, "short_desc", x.Doc, "context", context, "vartype", typ, "source", source, "boot_val", x.Initial,
			"reset_val", x.Initial)
	}
}
