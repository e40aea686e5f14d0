package pgcatalog

// dataQueries give the contents of the files in data from a PostgreSQL 15.
var dataQueries = map[string]string{
	"relations.tsv": `select n.nspname, c.relname, case when c.oid < 10000 then c.oid else 0 end, c.relkind, string_agg(a.attname || ' ' || format_type(a.atttypid, null), '|' order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
group by n.nspname, c.relname, c.oid, c.relkind order by n.nspname desc, c.relname collate "C"`,

	"pg_type.tsv": `select t.oid, t.typname, t.typlen, t.typbyval, t.typtype, t.typcategory, t.typispreferred, t.typdelim, t.typelem, t.typarray,
t.typsubscript::oid, t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid, t.typmodout::oid, t.typalign, t.typstorage,
t.typbasetype, t.typtypmod, t.typndims, t.typcollation
from pg_type t left join pg_type e on e.oid = t.typelem where t.oid < 10000 and t.typrelid = 0 and coalesce(e.typrelid, 0) = 0 order by 1`,

	"pg_proc.tsv": `select oid, proname, prokind, proretset, proisstrict, provolatile, proparallel, provariadic, pronargs, pronargdefaults, prorettype,
proargtypes, proallargtypes, proargmodes, proargnames from pg_proc where oid < 10000 order by 1`,

	"pg_operator.tsv": `select oid, oprname, oprkind, oprcanmerge, oprcanhash, oprleft, oprright, oprresult, oprcom, oprnegate, oprcode::oid, oprrest::oid, oprjoin::oid
from pg_operator where oid < 10000 order by 1`,

	"pg_cast.tsv": `select oid, castsource, casttarget, castfunc, castcontext, castmethod from pg_cast where oid < 16384 and castsource < 10000 and casttarget < 10000 order by 2, 3`,

	"pg_opclass.tsv": `select oid, opcmethod, opcname, opcfamily, opcintype, opcdefault, opckeytype from pg_opclass where opcmethod in (403, 405) order by 1`,

	"pg_opfamily.tsv": `select oid, opfmethod, opfname from pg_opfamily where opfmethod in (403, 405) order by 1`,

	"pg_aggregate.tsv": `select aggfnoid::oid, aggkind, aggnumdirectargs, aggtransfn::oid, aggfinalfn::oid, aggtranstype from pg_aggregate order by 1`,
}
