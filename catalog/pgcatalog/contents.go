package pgcatalog

// contents are the relations that have rows; to add one, add an entry. Set in init since filling reads them, too.
var contents map[string]content

func init() {
	contents = map[string]content{
		"pg_catalog.pg_namespace":   {fill: namespaces},
		"pg_catalog.pg_class":       {fill: classes},
		"pg_catalog.pg_attribute":   {fill: attributes},
		"pg_catalog.pg_attrdef":     {fill: columnDefaults},
		"pg_catalog.pg_type":        {fill: typeRows},
		"pg_catalog.pg_enum":        {fill: enumLabels},
		"pg_catalog.pg_index":       {fill: indexRows},
		"pg_catalog.pg_constraint":  {fill: constraintRows},
		"pg_catalog.pg_sequence":    {fill: sequences},
		"pg_catalog.pg_description": {fill: descriptions},
		"pg_catalog.pg_depend":      {fill: dependencies},
		"pg_catalog.pg_rewrite":     {fill: rules},
		"pg_catalog.pg_tables":      {fill: tableRows},
		"pg_catalog.pg_views":       {fill: viewRows},
		"pg_catalog.pg_matviews":    {fill: matviewRows},
		"pg_catalog.pg_indexes":     {fill: indexDefinitions},

		"pg_catalog.pg_proc":      {fill: functions},
		"pg_catalog.pg_aggregate": {fill: aggregates},
		"pg_catalog.pg_operator":  {fill: operators},
		"pg_catalog.pg_cast":      {fill: casts},
		"pg_catalog.pg_opclass":   {fill: opclasses},
		"pg_catalog.pg_opfamily":  {fill: opfamilies},
		"pg_catalog.pg_am":        {fill: accessMethods},
		"pg_catalog.pg_language":  {fill: languages},
		"pg_catalog.pg_collation": {fill: collations},

		"pg_catalog.pg_database":   {fill: databases},
		"pg_catalog.pg_tablespace": {fill: tablespaces},
		"pg_catalog.pg_authid":     {fill: roles},
		"pg_catalog.pg_roles":      {fill: roles},
		"pg_catalog.pg_user":       {fill: users},
		"pg_catalog.pg_shadow":     {fill: users},

		"pg_catalog.pg_settings":       {fill: settings, session: true},
		"pg_catalog.pg_timezone_names": {fill: timeZones, session: true}, // and the rows depend on when it is asked

		"pg_catalog.pg_stat_user_tables":   {fill: tableStatistics},
		"pg_catalog.pg_stat_all_tables":    {fill: tableStatistics},
		"pg_catalog.pg_statio_user_tables": {fill: tableStatistics},
		"pg_catalog.pg_statio_all_tables":  {fill: tableStatistics},

		"information_schema.information_schema_catalog_name": {fill: catalogName},
		"information_schema.schemata":                        {fill: schemata},
		"information_schema.tables":                          {fill: infoTables},
		"information_schema.columns":                         {fill: infoColumns},
		"information_schema.domains":                         {fill: infoDomains},
		"information_schema.domain_constraints":              {fill: infoDomainConstraints},
		"information_schema.views":                           {fill: infoViews},
		"information_schema.view_table_usage":                {fill: viewTableUsage},
		"information_schema.table_constraints":               {fill: tableConstraints},
		"information_schema.check_constraints":               {fill: checkConstraints},
		"information_schema.key_column_usage":                {fill: keyColumns},
		"information_schema.constraint_column_usage":         {fill: constraintColumns},
		"information_schema.constraint_table_usage":          {fill: constraintTables},
		"information_schema.table_privileges":                {fill: tablePrivileges},
		"information_schema.role_table_grants":               {fill: tablePrivileges},
		"information_schema.enabled_roles":                   {fill: enabledRoles},
		"information_schema.character_sets":                  {fill: characterSets},
	}
}
