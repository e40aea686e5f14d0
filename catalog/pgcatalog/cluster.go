package pgcatalog

func databases(s *Source, t *table) {
	t.add("oid", databaseOID, "datname", s.Database, "datdba", roleOID, "encoding", 6, "datlocprovider", "c", "datistemplate", false, "datallowconn", true,
		"datconnlimit", -1, "datfrozenxid", 0, "datminmxid", 0, "dattablespace", defaultSpace, "datcollate", "C", "datctype", "C")
}

func tablespaces(_ *Source, t *table) {
	t.defaults("spcowner", roleOID)
	t.add("oid", defaultSpace, "spcname", "pg_default")
	t.add("oid", globalSpace, "spcname", "pg_global")
}

// roles fills pg_authid and pg_roles, which have the same columns but one.
func roles(s *Source, t *table) {
	t.add("oid", roleOID, "rolname", s.Owner, "rolsuper", true, "rolinherit", true, "rolcreaterole", true, "rolcreatedb", true, "rolcanlogin", true,
		"rolreplication", false, "rolbypassrls", true, "rolconnlimit", -1)
}

func users(s *Source, t *table) {
	t.add("usename", s.Owner, "usesysid", roleOID, "usecreatedb", true, "usesuper", true, "userepl", false, "usebypassrls", true)
}

func accessMethods(_ *Source, t *table) {
	t.add("oid", heapAM, "amname", "heap", "amhandler", 3, "amtype", "t")
	t.add("oid", btreeAM, "amname", "btree", "amhandler", 330, "amtype", "i")
}

func languages(_ *Source, t *table) {
	t.defaults("lanowner", roleOID, "lanispl", false, "lanpltrusted", false, "lanplcallfoid", 0, "laninline", 0, "lanvalidator", 0)
	t.add("oid", 12, "lanname", "internal", "lanvalidator", 2246)
	t.add("oid", 14, "lanname", "sql", "lanpltrusted", true, "lanvalidator", 2248)
}

func collations(_ *Source, t *table) {
	t.defaults("collnamespace", pgCatalogOID, "collowner", roleOID, "collprovider", "c", "collisdeterministic", true, "collencoding", -1)
	t.add("oid", defaultCollat, "collname", "default", "collprovider", "d")
	t.add("oid", 950, "collname", "C", "collcollate", "C", "collctype", "C")
	t.add("oid", 951, "collname", "POSIX", "collcollate", "POSIX", "collctype", "POSIX")
}
