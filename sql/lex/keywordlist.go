package lex

// The words are those of PostgreSQL 15's pg_get_keywords() and, marked extension, Millrace's own, none of which is
// reserved.

// The keywords, by their words. NoKeyword is the zero value.
const (
	NoKeyword Keyword = iota
	ABORT
	ABSOLUTE
	ACCESS
	ACTION
	ADD
	ADMIN
	AFTER
	AGGREGATE
	ALL
	ALSO
	ALTER
	ALWAYS
	ANALYSE
	ANALYZE
	AND
	ANY
	ARRAY
	AS
	ASC
	ASENSITIVE
	ASOF
	ASSERTION
	ASSIGNMENT
	ASYMMETRIC
	AT
	ATOMIC
	ATTACH
	ATTRIBUTE
	AUTHORIZATION
	BACKWARD
	BEFORE
	BEGIN
	BETWEEN
	BIGINT
	BINARY
	BIT
	BOOLEAN
	BOTH
	BREADTH
	BY
	CACHE
	CALL
	CALLED
	CASCADE
	CASCADED
	CASE
	CAST
	CATALOG
	CHAIN
	CHAR
	CHARACTER
	CHARACTERISTICS
	CHECK
	CHECKPOINT
	CLASS
	CLOSE
	CLUSTER
	COALESCE
	COLLATE
	COLLATION
	COLUMN
	COLUMNS
	COMMENT
	COMMENTS
	COMMIT
	COMMITTED
	COMPRESSION
	CONCURRENTLY
	CONFIGURATION
	CONFLICT
	CONNECTION
	CONSTRAINT
	CONSTRAINTS
	CONTENT
	CONTINUE
	CONVERSION
	COPY
	COST
	CREATE
	CROSS
	CSV
	CUBE
	CUMULATE
	CURRENT
	CURRENT_CATALOG
	CURRENT_DATE
	CURRENT_ROLE
	CURRENT_SCHEMA
	CURRENT_TIME
	CURRENT_TIMESTAMP
	CURRENT_USER
	CURSOR
	CYCLE
	DATA
	DATABASE
	DAY
	DEALLOCATE
	DEC
	DECIMAL
	DECLARE
	DEFAULT
	DEFAULTS
	DEFERRABLE
	DEFERRED
	DEFINER
	DELETE
	DELIMITER
	DELIMITERS
	DEPENDS
	DEPTH
	DESC
	DESCRIPTOR
	DETACH
	DICTIONARY
	DISABLE
	DISCARD
	DISTINCT
	DO
	DOCUMENT
	DOMAIN
	DOUBLE
	DROP
	EACH
	ELSE
	EMIT
	ENABLE
	ENCODING
	ENCRYPTED
	END
	ENUM
	ESCAPE
	EVENT
	EXCEPT
	EXCLUDE
	EXCLUDING
	EXCLUSIVE
	EXECUTE
	EXISTS
	EXPLAIN
	EXPRESSION
	EXTENSION
	EXTERNAL
	EXTRACT
	FALSE
	FAMILY
	FETCH
	FILTER
	FINALIZE
	FIRST
	FLOAT
	FOLLOWING
	FOR
	FORCE
	FOREIGN
	FORWARD
	FREEZE
	FROM
	FULL
	FUNCTION
	FUNCTIONS
	GENERATED
	GLOBAL
	GRANT
	GRANTED
	GREATEST
	GROUP
	GROUPING
	GROUPS
	HANDLER
	HAVING
	HEADER
	HOLD
	HOP
	HOUR
	IDENTITY
	IF
	ILIKE
	IMMEDIATE
	IMMUTABLE
	IMPLICIT
	IMPORT
	IN
	INCLUDE
	INCLUDING
	INCREMENT
	INDEX
	INDEXES
	INHERIT
	INHERITS
	INITIALLY
	INLINE
	INNER
	INOUT
	INPUT
	INSENSITIVE
	INSERT
	INSTEAD
	INT
	INTEGER
	INTERSECT
	INTERVAL
	INTO
	INVOKER
	IS
	ISNULL
	ISOLATION
	JOIN
	KEY
	LABEL
	LANGUAGE
	LARGE
	LAST
	LATERAL
	LEADING
	LEAKPROOF
	LEAST
	LEFT
	LEVEL
	LIKE
	LIMIT
	LISTEN
	LOAD
	LOCAL
	LOCALTIME
	LOCALTIMESTAMP
	LOCATION
	LOCK
	LOCKED
	LOGGED
	MAPPING
	MATCH
	MATCHED
	MATERIALIZED
	MAXVALUE
	MERGE
	METHOD
	MINUTE
	MINVALUE
	MODE
	MONTH
	MOVE
	NAME
	NAMES
	NATIONAL
	NATURAL
	NCHAR
	NEW
	NEXT
	NFC
	NFD
	NFKC
	NFKD
	NO
	NONE
	NORMALIZE
	NORMALIZED
	NOT
	NOTHING
	NOTIFY
	NOTNULL
	NOWAIT
	NULL
	NULLIF
	NULLS
	NUMERIC
	OBJECT
	OF
	OFF
	OFFSET
	OIDS
	OLD
	ON
	ONLY
	OPERATOR
	OPTION
	OPTIONS
	OR
	ORDER
	ORDINALITY
	OTHERS
	OUT
	OUTER
	OVER
	OVERLAPS
	OVERLAY
	OVERRIDING
	OWNED
	OWNER
	PARALLEL
	PARAMETER
	PARSER
	PARTIAL
	PARTITION
	PASSING
	PASSWORD
	PLACING
	PLANS
	POLICY
	POSITION
	PRECEDING
	PRECISION
	PREPARE
	PREPARED
	PRESERVE
	PRIMARY
	PRIOR
	PRIVILEGES
	PROCEDURAL
	PROCEDURE
	PROCEDURES
	PROGRAM
	PUBLICATION
	QUALIFY
	QUOTE
	RANGE
	READ
	REAL
	REASSIGN
	RECHECK
	RECURSIVE
	REF
	REFERENCES
	REFERENCING
	REFRESH
	REINDEX
	RELATIVE
	RELEASE
	RENAME
	REPEATABLE
	REPLACE
	REPLICA
	RESET
	RESTART
	RESTRICT
	RETURN
	RETURNING
	RETURNS
	REVOKE
	RIGHT
	ROLE
	ROLLBACK
	ROLLUP
	ROUTINE
	ROUTINES
	ROW
	ROWS
	RULE
	SAVEPOINT
	SCHEMA
	SCHEMAS
	SCROLL
	SEARCH
	SECOND
	SECRET
	SECURITY
	SELECT
	SEQUENCE
	SEQUENCES
	SERIALIZABLE
	SERVER
	SESSION
	SESSION_USER
	SET
	SETOF
	SETS
	SHARE
	SHOW
	SIMILAR
	SIMPLE
	SINK
	SKIP
	SMALLINT
	SNAPSHOT
	SOME
	SQL
	STABLE
	STANDALONE
	START
	STATEMENT
	STATISTICS
	STDIN
	STDOUT
	STORAGE
	STORED
	STREAM
	STRICT
	STRIP
	SUBSCRIBE
	SUBSCRIPTION
	SUBSTRING
	SUPPORT
	SYMMETRIC
	SYSID
	SYSTEM
	SYSTEM_TIME
	TABLE
	TABLES
	TABLESAMPLE
	TABLESPACE
	TEMP
	TEMPLATE
	TEMPORARY
	TEXT
	THEN
	TIES
	TIME
	TIMESTAMP
	TO
	TRAILING
	TRANSACTION
	TRANSFORM
	TREAT
	TRIGGER
	TRIM
	TRUE
	TRUNCATE
	TRUSTED
	TUMBLE
	TYPE
	TYPES
	UESCAPE
	UNBOUNDED
	UNCOMMITTED
	UNENCRYPTED
	UNION
	UNIQUE
	UNKNOWN
	UNLISTEN
	UNLOGGED
	UNTIL
	UPDATE
	USER
	USING
	VACUUM
	VALID
	VALIDATE
	VALIDATOR
	VALUE
	VALUES
	VARCHAR
	VARIADIC
	VARYING
	VERBOSE
	VERSION
	VIEW
	VIEWS
	VOLATILE
	WATERMARK
	WHEN
	WHERE
	WHITESPACE
	WINDOW
	WITH
	WITHIN
	WITHOUT
	WORK
	WRAPPER
	WRITE
	XML
	XMLATTRIBUTES
	XMLCONCAT
	XMLELEMENT
	XMLEXISTS
	XMLFOREST
	XMLNAMESPACES
	XMLPARSE
	XMLPI
	XMLROOT
	XMLSERIALIZE
	XMLTABLE
	YEAR
	YES
	ZONE
	keywordCount
)

var keywords = [keywordCount]KeywordInfo{
	ABORT:             {Word: "abort", Class: Unreserved, BareLabel: true},
	ABSOLUTE:          {Word: "absolute", Class: Unreserved, BareLabel: true},
	ACCESS:            {Word: "access", Class: Unreserved, BareLabel: true},
	ACTION:            {Word: "action", Class: Unreserved, BareLabel: true},
	ADD:               {Word: "add", Class: Unreserved, BareLabel: true},
	ADMIN:             {Word: "admin", Class: Unreserved, BareLabel: true},
	AFTER:             {Word: "after", Class: Unreserved, BareLabel: true},
	AGGREGATE:         {Word: "aggregate", Class: Unreserved, BareLabel: true},
	ALL:               {Word: "all", Class: Reserved, BareLabel: true},
	ALSO:              {Word: "also", Class: Unreserved, BareLabel: true},
	ALTER:             {Word: "alter", Class: Unreserved, BareLabel: true},
	ALWAYS:            {Word: "always", Class: Unreserved, BareLabel: true},
	ANALYSE:           {Word: "analyse", Class: Reserved, BareLabel: true},
	ANALYZE:           {Word: "analyze", Class: Reserved, BareLabel: true},
	AND:               {Word: "and", Class: Reserved, BareLabel: true},
	ANY:               {Word: "any", Class: Reserved, BareLabel: true},
	ARRAY:             {Word: "array", Class: Reserved},
	AS:                {Word: "as", Class: Reserved},
	ASC:               {Word: "asc", Class: Reserved, BareLabel: true},
	ASENSITIVE:        {Word: "asensitive", Class: Unreserved, BareLabel: true},
	ASOF:              {Word: "asof", Class: Unreserved, BareLabel: true, Extension: true},
	ASSERTION:         {Word: "assertion", Class: Unreserved, BareLabel: true},
	ASSIGNMENT:        {Word: "assignment", Class: Unreserved, BareLabel: true},
	ASYMMETRIC:        {Word: "asymmetric", Class: Reserved, BareLabel: true},
	AT:                {Word: "at", Class: Unreserved, BareLabel: true},
	ATOMIC:            {Word: "atomic", Class: Unreserved, BareLabel: true},
	ATTACH:            {Word: "attach", Class: Unreserved, BareLabel: true},
	ATTRIBUTE:         {Word: "attribute", Class: Unreserved, BareLabel: true},
	AUTHORIZATION:     {Word: "authorization", Class: TypeFuncName, BareLabel: true},
	BACKWARD:          {Word: "backward", Class: Unreserved, BareLabel: true},
	BEFORE:            {Word: "before", Class: Unreserved, BareLabel: true},
	BEGIN:             {Word: "begin", Class: Unreserved, BareLabel: true},
	BETWEEN:           {Word: "between", Class: ColumnName, BareLabel: true},
	BIGINT:            {Word: "bigint", Class: ColumnName, BareLabel: true},
	BINARY:            {Word: "binary", Class: TypeFuncName, BareLabel: true},
	BIT:               {Word: "bit", Class: ColumnName, BareLabel: true},
	BOOLEAN:           {Word: "boolean", Class: ColumnName, BareLabel: true},
	BOTH:              {Word: "both", Class: Reserved, BareLabel: true},
	BREADTH:           {Word: "breadth", Class: Unreserved, BareLabel: true},
	BY:                {Word: "by", Class: Unreserved, BareLabel: true},
	CACHE:             {Word: "cache", Class: Unreserved, BareLabel: true},
	CALL:              {Word: "call", Class: Unreserved, BareLabel: true},
	CALLED:            {Word: "called", Class: Unreserved, BareLabel: true},
	CASCADE:           {Word: "cascade", Class: Unreserved, BareLabel: true},
	CASCADED:          {Word: "cascaded", Class: Unreserved, BareLabel: true},
	CASE:              {Word: "case", Class: Reserved, BareLabel: true},
	CAST:              {Word: "cast", Class: Reserved, BareLabel: true},
	CATALOG:           {Word: "catalog", Class: Unreserved, BareLabel: true},
	CHAIN:             {Word: "chain", Class: Unreserved, BareLabel: true},
	CHAR:              {Word: "char", Class: ColumnName},
	CHARACTER:         {Word: "character", Class: ColumnName},
	CHARACTERISTICS:   {Word: "characteristics", Class: Unreserved, BareLabel: true},
	CHECK:             {Word: "check", Class: Reserved, BareLabel: true},
	CHECKPOINT:        {Word: "checkpoint", Class: Unreserved, BareLabel: true},
	CLASS:             {Word: "class", Class: Unreserved, BareLabel: true},
	CLOSE:             {Word: "close", Class: Unreserved, BareLabel: true},
	CLUSTER:           {Word: "cluster", Class: Unreserved, BareLabel: true},
	COALESCE:          {Word: "coalesce", Class: ColumnName, BareLabel: true},
	COLLATE:           {Word: "collate", Class: Reserved, BareLabel: true},
	COLLATION:         {Word: "collation", Class: TypeFuncName, BareLabel: true},
	COLUMN:            {Word: "column", Class: Reserved, BareLabel: true},
	COLUMNS:           {Word: "columns", Class: Unreserved, BareLabel: true},
	COMMENT:           {Word: "comment", Class: Unreserved, BareLabel: true},
	COMMENTS:          {Word: "comments", Class: Unreserved, BareLabel: true},
	COMMIT:            {Word: "commit", Class: Unreserved, BareLabel: true},
	COMMITTED:         {Word: "committed", Class: Unreserved, BareLabel: true},
	COMPRESSION:       {Word: "compression", Class: Unreserved, BareLabel: true},
	CONCURRENTLY:      {Word: "concurrently", Class: TypeFuncName, BareLabel: true},
	CONFIGURATION:     {Word: "configuration", Class: Unreserved, BareLabel: true},
	CONFLICT:          {Word: "conflict", Class: Unreserved, BareLabel: true},
	CONNECTION:        {Word: "connection", Class: Unreserved, BareLabel: true},
	CONSTRAINT:        {Word: "constraint", Class: Reserved, BareLabel: true},
	CONSTRAINTS:       {Word: "constraints", Class: Unreserved, BareLabel: true},
	CONTENT:           {Word: "content", Class: Unreserved, BareLabel: true},
	CONTINUE:          {Word: "continue", Class: Unreserved, BareLabel: true},
	CONVERSION:        {Word: "conversion", Class: Unreserved, BareLabel: true},
	COPY:              {Word: "copy", Class: Unreserved, BareLabel: true},
	COST:              {Word: "cost", Class: Unreserved, BareLabel: true},
	CREATE:            {Word: "create", Class: Reserved},
	CROSS:             {Word: "cross", Class: TypeFuncName, BareLabel: true},
	CSV:               {Word: "csv", Class: Unreserved, BareLabel: true},
	CUBE:              {Word: "cube", Class: Unreserved, BareLabel: true},
	CUMULATE:          {Word: "cumulate", Class: Unreserved, BareLabel: true, Extension: true},
	CURRENT:           {Word: "current", Class: Unreserved, BareLabel: true},
	CURRENT_CATALOG:   {Word: "current_catalog", Class: Reserved, BareLabel: true},
	CURRENT_DATE:      {Word: "current_date", Class: Reserved, BareLabel: true},
	CURRENT_ROLE:      {Word: "current_role", Class: Reserved, BareLabel: true},
	CURRENT_SCHEMA:    {Word: "current_schema", Class: TypeFuncName, BareLabel: true},
	CURRENT_TIME:      {Word: "current_time", Class: Reserved, BareLabel: true},
	CURRENT_TIMESTAMP: {Word: "current_timestamp", Class: Reserved, BareLabel: true},
	CURRENT_USER:      {Word: "current_user", Class: Reserved, BareLabel: true},
	CURSOR:            {Word: "cursor", Class: Unreserved, BareLabel: true},
	CYCLE:             {Word: "cycle", Class: Unreserved, BareLabel: true},
	DATA:              {Word: "data", Class: Unreserved, BareLabel: true},
	DATABASE:          {Word: "database", Class: Unreserved, BareLabel: true},
	DAY:               {Word: "day", Class: Unreserved},
	DEALLOCATE:        {Word: "deallocate", Class: Unreserved, BareLabel: true},
	DEC:               {Word: "dec", Class: ColumnName, BareLabel: true},
	DECIMAL:           {Word: "decimal", Class: ColumnName, BareLabel: true},
	DECLARE:           {Word: "declare", Class: Unreserved, BareLabel: true},
	DEFAULT:           {Word: "default", Class: Reserved, BareLabel: true},
	DEFAULTS:          {Word: "defaults", Class: Unreserved, BareLabel: true},
	DEFERRABLE:        {Word: "deferrable", Class: Reserved, BareLabel: true},
	DEFERRED:          {Word: "deferred", Class: Unreserved, BareLabel: true},
	DEFINER:           {Word: "definer", Class: Unreserved, BareLabel: true},
	DELETE:            {Word: "delete", Class: Unreserved, BareLabel: true},
	DELIMITER:         {Word: "delimiter", Class: Unreserved, BareLabel: true},
	DELIMITERS:        {Word: "delimiters", Class: Unreserved, BareLabel: true},
	DEPENDS:           {Word: "depends", Class: Unreserved, BareLabel: true},
	DEPTH:             {Word: "depth", Class: Unreserved, BareLabel: true},
	DESC:              {Word: "desc", Class: Reserved, BareLabel: true},
	DESCRIPTOR:        {Word: "descriptor", Class: Unreserved, BareLabel: true, Extension: true},
	DETACH:            {Word: "detach", Class: Unreserved, BareLabel: true},
	DICTIONARY:        {Word: "dictionary", Class: Unreserved, BareLabel: true},
	DISABLE:           {Word: "disable", Class: Unreserved, BareLabel: true},
	DISCARD:           {Word: "discard", Class: Unreserved, BareLabel: true},
	DISTINCT:          {Word: "distinct", Class: Reserved, BareLabel: true},
	DO:                {Word: "do", Class: Reserved, BareLabel: true},
	DOCUMENT:          {Word: "document", Class: Unreserved, BareLabel: true},
	DOMAIN:            {Word: "domain", Class: Unreserved, BareLabel: true},
	DOUBLE:            {Word: "double", Class: Unreserved, BareLabel: true},
	DROP:              {Word: "drop", Class: Unreserved, BareLabel: true},
	EACH:              {Word: "each", Class: Unreserved, BareLabel: true},
	ELSE:              {Word: "else", Class: Reserved, BareLabel: true},
	EMIT:              {Word: "emit", Class: Unreserved, BareLabel: true, Extension: true},
	ENABLE:            {Word: "enable", Class: Unreserved, BareLabel: true},
	ENCODING:          {Word: "encoding", Class: Unreserved, BareLabel: true},
	ENCRYPTED:         {Word: "encrypted", Class: Unreserved, BareLabel: true},
	END:               {Word: "end", Class: Reserved, BareLabel: true},
	ENUM:              {Word: "enum", Class: Unreserved, BareLabel: true},
	ESCAPE:            {Word: "escape", Class: Unreserved, BareLabel: true},
	EVENT:             {Word: "event", Class: Unreserved, BareLabel: true},
	EXCEPT:            {Word: "except", Class: Reserved},
	EXCLUDE:           {Word: "exclude", Class: Unreserved, BareLabel: true},
	EXCLUDING:         {Word: "excluding", Class: Unreserved, BareLabel: true},
	EXCLUSIVE:         {Word: "exclusive", Class: Unreserved, BareLabel: true},
	EXECUTE:           {Word: "execute", Class: Unreserved, BareLabel: true},
	EXISTS:            {Word: "exists", Class: ColumnName, BareLabel: true},
	EXPLAIN:           {Word: "explain", Class: Unreserved, BareLabel: true},
	EXPRESSION:        {Word: "expression", Class: Unreserved, BareLabel: true},
	EXTENSION:         {Word: "extension", Class: Unreserved, BareLabel: true},
	EXTERNAL:          {Word: "external", Class: Unreserved, BareLabel: true},
	EXTRACT:           {Word: "extract", Class: ColumnName, BareLabel: true},
	FALSE:             {Word: "false", Class: Reserved, BareLabel: true},
	FAMILY:            {Word: "family", Class: Unreserved, BareLabel: true},
	FETCH:             {Word: "fetch", Class: Reserved},
	FILTER:            {Word: "filter", Class: Unreserved},
	FINALIZE:          {Word: "finalize", Class: Unreserved, BareLabel: true},
	FIRST:             {Word: "first", Class: Unreserved, BareLabel: true},
	FLOAT:             {Word: "float", Class: ColumnName, BareLabel: true},
	FOLLOWING:         {Word: "following", Class: Unreserved, BareLabel: true},
	FOR:               {Word: "for", Class: Reserved},
	FORCE:             {Word: "force", Class: Unreserved, BareLabel: true},
	FOREIGN:           {Word: "foreign", Class: Reserved, BareLabel: true},
	FORWARD:           {Word: "forward", Class: Unreserved, BareLabel: true},
	FREEZE:            {Word: "freeze", Class: TypeFuncName, BareLabel: true},
	FROM:              {Word: "from", Class: Reserved},
	FULL:              {Word: "full", Class: TypeFuncName, BareLabel: true},
	FUNCTION:          {Word: "function", Class: Unreserved, BareLabel: true},
	FUNCTIONS:         {Word: "functions", Class: Unreserved, BareLabel: true},
	GENERATED:         {Word: "generated", Class: Unreserved, BareLabel: true},
	GLOBAL:            {Word: "global", Class: Unreserved, BareLabel: true},
	GRANT:             {Word: "grant", Class: Reserved},
	GRANTED:           {Word: "granted", Class: Unreserved, BareLabel: true},
	GREATEST:          {Word: "greatest", Class: ColumnName, BareLabel: true},
	GROUP:             {Word: "group", Class: Reserved},
	GROUPING:          {Word: "grouping", Class: ColumnName, BareLabel: true},
	GROUPS:            {Word: "groups", Class: Unreserved, BareLabel: true},
	HANDLER:           {Word: "handler", Class: Unreserved, BareLabel: true},
	HAVING:            {Word: "having", Class: Reserved},
	HEADER:            {Word: "header", Class: Unreserved, BareLabel: true},
	HOLD:              {Word: "hold", Class: Unreserved, BareLabel: true},
	HOP:               {Word: "hop", Class: Unreserved, BareLabel: true, Extension: true},
	HOUR:              {Word: "hour", Class: Unreserved},
	IDENTITY:          {Word: "identity", Class: Unreserved, BareLabel: true},
	IF:                {Word: "if", Class: Unreserved, BareLabel: true},
	ILIKE:             {Word: "ilike", Class: TypeFuncName, BareLabel: true},
	IMMEDIATE:         {Word: "immediate", Class: Unreserved, BareLabel: true},
	IMMUTABLE:         {Word: "immutable", Class: Unreserved, BareLabel: true},
	IMPLICIT:          {Word: "implicit", Class: Unreserved, BareLabel: true},
	IMPORT:            {Word: "import", Class: Unreserved, BareLabel: true},
	IN:                {Word: "in", Class: Reserved, BareLabel: true},
	INCLUDE:           {Word: "include", Class: Unreserved, BareLabel: true},
	INCLUDING:         {Word: "including", Class: Unreserved, BareLabel: true},
	INCREMENT:         {Word: "increment", Class: Unreserved, BareLabel: true},
	INDEX:             {Word: "index", Class: Unreserved, BareLabel: true},
	INDEXES:           {Word: "indexes", Class: Unreserved, BareLabel: true},
	INHERIT:           {Word: "inherit", Class: Unreserved, BareLabel: true},
	INHERITS:          {Word: "inherits", Class: Unreserved, BareLabel: true},
	INITIALLY:         {Word: "initially", Class: Reserved, BareLabel: true},
	INLINE:            {Word: "inline", Class: Unreserved, BareLabel: true},
	INNER:             {Word: "inner", Class: TypeFuncName, BareLabel: true},
	INOUT:             {Word: "inout", Class: ColumnName, BareLabel: true},
	INPUT:             {Word: "input", Class: Unreserved, BareLabel: true},
	INSENSITIVE:       {Word: "insensitive", Class: Unreserved, BareLabel: true},
	INSERT:            {Word: "insert", Class: Unreserved, BareLabel: true},
	INSTEAD:           {Word: "instead", Class: Unreserved, BareLabel: true},
	INT:               {Word: "int", Class: ColumnName, BareLabel: true},
	INTEGER:           {Word: "integer", Class: ColumnName, BareLabel: true},
	INTERSECT:         {Word: "intersect", Class: Reserved},
	INTERVAL:          {Word: "interval", Class: ColumnName, BareLabel: true},
	INTO:              {Word: "into", Class: Reserved},
	INVOKER:           {Word: "invoker", Class: Unreserved, BareLabel: true},
	IS:                {Word: "is", Class: TypeFuncName, BareLabel: true},
	ISNULL:            {Word: "isnull", Class: TypeFuncName},
	ISOLATION:         {Word: "isolation", Class: Unreserved, BareLabel: true},
	JOIN:              {Word: "join", Class: TypeFuncName, BareLabel: true},
	KEY:               {Word: "key", Class: Unreserved, BareLabel: true},
	LABEL:             {Word: "label", Class: Unreserved, BareLabel: true},
	LANGUAGE:          {Word: "language", Class: Unreserved, BareLabel: true},
	LARGE:             {Word: "large", Class: Unreserved, BareLabel: true},
	LAST:              {Word: "last", Class: Unreserved, BareLabel: true},
	LATERAL:           {Word: "lateral", Class: Reserved, BareLabel: true},
	LEADING:           {Word: "leading", Class: Reserved, BareLabel: true},
	LEAKPROOF:         {Word: "leakproof", Class: Unreserved, BareLabel: true},
	LEAST:             {Word: "least", Class: ColumnName, BareLabel: true},
	LEFT:              {Word: "left", Class: TypeFuncName, BareLabel: true},
	LEVEL:             {Word: "level", Class: Unreserved, BareLabel: true},
	LIKE:              {Word: "like", Class: TypeFuncName, BareLabel: true},
	LIMIT:             {Word: "limit", Class: Reserved},
	LISTEN:            {Word: "listen", Class: Unreserved, BareLabel: true},
	LOAD:              {Word: "load", Class: Unreserved, BareLabel: true},
	LOCAL:             {Word: "local", Class: Unreserved, BareLabel: true},
	LOCALTIME:         {Word: "localtime", Class: Reserved, BareLabel: true},
	LOCALTIMESTAMP:    {Word: "localtimestamp", Class: Reserved, BareLabel: true},
	LOCATION:          {Word: "location", Class: Unreserved, BareLabel: true},
	LOCK:              {Word: "lock", Class: Unreserved, BareLabel: true},
	LOCKED:            {Word: "locked", Class: Unreserved, BareLabel: true},
	LOGGED:            {Word: "logged", Class: Unreserved, BareLabel: true},
	MAPPING:           {Word: "mapping", Class: Unreserved, BareLabel: true},
	MATCH:             {Word: "match", Class: Unreserved, BareLabel: true},
	MATCHED:           {Word: "matched", Class: Unreserved, BareLabel: true},
	MATERIALIZED:      {Word: "materialized", Class: Unreserved, BareLabel: true},
	MAXVALUE:          {Word: "maxvalue", Class: Unreserved, BareLabel: true},
	MERGE:             {Word: "merge", Class: Unreserved, BareLabel: true},
	METHOD:            {Word: "method", Class: Unreserved, BareLabel: true},
	MINUTE:            {Word: "minute", Class: Unreserved},
	MINVALUE:          {Word: "minvalue", Class: Unreserved, BareLabel: true},
	MODE:              {Word: "mode", Class: Unreserved, BareLabel: true},
	MONTH:             {Word: "month", Class: Unreserved},
	MOVE:              {Word: "move", Class: Unreserved, BareLabel: true},
	NAME:              {Word: "name", Class: Unreserved, BareLabel: true},
	NAMES:             {Word: "names", Class: Unreserved, BareLabel: true},
	NATIONAL:          {Word: "national", Class: ColumnName, BareLabel: true},
	NATURAL:           {Word: "natural", Class: TypeFuncName, BareLabel: true},
	NCHAR:             {Word: "nchar", Class: ColumnName, BareLabel: true},
	NEW:               {Word: "new", Class: Unreserved, BareLabel: true},
	NEXT:              {Word: "next", Class: Unreserved, BareLabel: true},
	NFC:               {Word: "nfc", Class: Unreserved, BareLabel: true},
	NFD:               {Word: "nfd", Class: Unreserved, BareLabel: true},
	NFKC:              {Word: "nfkc", Class: Unreserved, BareLabel: true},
	NFKD:              {Word: "nfkd", Class: Unreserved, BareLabel: true},
	NO:                {Word: "no", Class: Unreserved, BareLabel: true},
	NONE:              {Word: "none", Class: ColumnName, BareLabel: true},
	NORMALIZE:         {Word: "normalize", Class: ColumnName, BareLabel: true},
	NORMALIZED:        {Word: "normalized", Class: Unreserved, BareLabel: true},
	NOT:               {Word: "not", Class: Reserved, BareLabel: true},
	NOTHING:           {Word: "nothing", Class: Unreserved, BareLabel: true},
	NOTIFY:            {Word: "notify", Class: Unreserved, BareLabel: true},
	NOTNULL:           {Word: "notnull", Class: TypeFuncName},
	NOWAIT:            {Word: "nowait", Class: Unreserved, BareLabel: true},
	NULL:              {Word: "null", Class: Reserved, BareLabel: true},
	NULLIF:            {Word: "nullif", Class: ColumnName, BareLabel: true},
	NULLS:             {Word: "nulls", Class: Unreserved, BareLabel: true},
	NUMERIC:           {Word: "numeric", Class: ColumnName, BareLabel: true},
	OBJECT:            {Word: "object", Class: Unreserved, BareLabel: true},
	OF:                {Word: "of", Class: Unreserved, BareLabel: true},
	OFF:               {Word: "off", Class: Unreserved, BareLabel: true},
	OFFSET:            {Word: "offset", Class: Reserved},
	OIDS:              {Word: "oids", Class: Unreserved, BareLabel: true},
	OLD:               {Word: "old", Class: Unreserved, BareLabel: true},
	ON:                {Word: "on", Class: Reserved},
	ONLY:              {Word: "only", Class: Reserved, BareLabel: true},
	OPERATOR:          {Word: "operator", Class: Unreserved, BareLabel: true},
	OPTION:            {Word: "option", Class: Unreserved, BareLabel: true},
	OPTIONS:           {Word: "options", Class: Unreserved, BareLabel: true},
	OR:                {Word: "or", Class: Reserved, BareLabel: true},
	ORDER:             {Word: "order", Class: Reserved},
	ORDINALITY:        {Word: "ordinality", Class: Unreserved, BareLabel: true},
	OTHERS:            {Word: "others", Class: Unreserved, BareLabel: true},
	OUT:               {Word: "out", Class: ColumnName, BareLabel: true},
	OUTER:             {Word: "outer", Class: TypeFuncName, BareLabel: true},
	OVER:              {Word: "over", Class: Unreserved},
	OVERLAPS:          {Word: "overlaps", Class: TypeFuncName},
	OVERLAY:           {Word: "overlay", Class: ColumnName, BareLabel: true},
	OVERRIDING:        {Word: "overriding", Class: Unreserved, BareLabel: true},
	OWNED:             {Word: "owned", Class: Unreserved, BareLabel: true},
	OWNER:             {Word: "owner", Class: Unreserved, BareLabel: true},
	PARALLEL:          {Word: "parallel", Class: Unreserved, BareLabel: true},
	PARAMETER:         {Word: "parameter", Class: Unreserved, BareLabel: true},
	PARSER:            {Word: "parser", Class: Unreserved, BareLabel: true},
	PARTIAL:           {Word: "partial", Class: Unreserved, BareLabel: true},
	PARTITION:         {Word: "partition", Class: Unreserved, BareLabel: true},
	PASSING:           {Word: "passing", Class: Unreserved, BareLabel: true},
	PASSWORD:          {Word: "password", Class: Unreserved, BareLabel: true},
	PLACING:           {Word: "placing", Class: Reserved, BareLabel: true},
	PLANS:             {Word: "plans", Class: Unreserved, BareLabel: true},
	POLICY:            {Word: "policy", Class: Unreserved, BareLabel: true},
	POSITION:          {Word: "position", Class: ColumnName, BareLabel: true},
	PRECEDING:         {Word: "preceding", Class: Unreserved, BareLabel: true},
	PRECISION:         {Word: "precision", Class: ColumnName},
	PREPARE:           {Word: "prepare", Class: Unreserved, BareLabel: true},
	PREPARED:          {Word: "prepared", Class: Unreserved, BareLabel: true},
	PRESERVE:          {Word: "preserve", Class: Unreserved, BareLabel: true},
	PRIMARY:           {Word: "primary", Class: Reserved, BareLabel: true},
	PRIOR:             {Word: "prior", Class: Unreserved, BareLabel: true},
	PRIVILEGES:        {Word: "privileges", Class: Unreserved, BareLabel: true},
	PROCEDURAL:        {Word: "procedural", Class: Unreserved, BareLabel: true},
	PROCEDURE:         {Word: "procedure", Class: Unreserved, BareLabel: true},
	PROCEDURES:        {Word: "procedures", Class: Unreserved, BareLabel: true},
	PROGRAM:           {Word: "program", Class: Unreserved, BareLabel: true},
	PUBLICATION:       {Word: "publication", Class: Unreserved, BareLabel: true},
	QUALIFY:           {Word: "qualify", Class: Unreserved, BareLabel: true, Extension: true},
	QUOTE:             {Word: "quote", Class: Unreserved, BareLabel: true},
	RANGE:             {Word: "range", Class: Unreserved, BareLabel: true},
	READ:              {Word: "read", Class: Unreserved, BareLabel: true},
	REAL:              {Word: "real", Class: ColumnName, BareLabel: true},
	REASSIGN:          {Word: "reassign", Class: Unreserved, BareLabel: true},
	RECHECK:           {Word: "recheck", Class: Unreserved, BareLabel: true},
	RECURSIVE:         {Word: "recursive", Class: Unreserved, BareLabel: true},
	REF:               {Word: "ref", Class: Unreserved, BareLabel: true},
	REFERENCES:        {Word: "references", Class: Reserved, BareLabel: true},
	REFERENCING:       {Word: "referencing", Class: Unreserved, BareLabel: true},
	REFRESH:           {Word: "refresh", Class: Unreserved, BareLabel: true},
	REINDEX:           {Word: "reindex", Class: Unreserved, BareLabel: true},
	RELATIVE:          {Word: "relative", Class: Unreserved, BareLabel: true},
	RELEASE:           {Word: "release", Class: Unreserved, BareLabel: true},
	RENAME:            {Word: "rename", Class: Unreserved, BareLabel: true},
	REPEATABLE:        {Word: "repeatable", Class: Unreserved, BareLabel: true},
	REPLACE:           {Word: "replace", Class: Unreserved, BareLabel: true},
	REPLICA:           {Word: "replica", Class: Unreserved, BareLabel: true},
	RESET:             {Word: "reset", Class: Unreserved, BareLabel: true},
	RESTART:           {Word: "restart", Class: Unreserved, BareLabel: true},
	RESTRICT:          {Word: "restrict", Class: Unreserved, BareLabel: true},
	RETURN:            {Word: "return", Class: Unreserved, BareLabel: true},
	RETURNING:         {Word: "returning", Class: Reserved},
	RETURNS:           {Word: "returns", Class: Unreserved, BareLabel: true},
	REVOKE:            {Word: "revoke", Class: Unreserved, BareLabel: true},
	RIGHT:             {Word: "right", Class: TypeFuncName, BareLabel: true},
	ROLE:              {Word: "role", Class: Unreserved, BareLabel: true},
	ROLLBACK:          {Word: "rollback", Class: Unreserved, BareLabel: true},
	ROLLUP:            {Word: "rollup", Class: Unreserved, BareLabel: true},
	ROUTINE:           {Word: "routine", Class: Unreserved, BareLabel: true},
	ROUTINES:          {Word: "routines", Class: Unreserved, BareLabel: true},
	ROW:               {Word: "row", Class: ColumnName, BareLabel: true},
	ROWS:              {Word: "rows", Class: Unreserved, BareLabel: true},
	RULE:              {Word: "rule", Class: Unreserved, BareLabel: true},
	SAVEPOINT:         {Word: "savepoint", Class: Unreserved, BareLabel: true},
	SCHEMA:            {Word: "schema", Class: Unreserved, BareLabel: true},
	SCHEMAS:           {Word: "schemas", Class: Unreserved, BareLabel: true},
	SCROLL:            {Word: "scroll", Class: Unreserved, BareLabel: true},
	SEARCH:            {Word: "search", Class: Unreserved, BareLabel: true},
	SECOND:            {Word: "second", Class: Unreserved},
	SECRET:            {Word: "secret", Class: Unreserved, BareLabel: true, Extension: true},
	SECURITY:          {Word: "security", Class: Unreserved, BareLabel: true},
	SELECT:            {Word: "select", Class: Reserved, BareLabel: true},
	SEQUENCE:          {Word: "sequence", Class: Unreserved, BareLabel: true},
	SEQUENCES:         {Word: "sequences", Class: Unreserved, BareLabel: true},
	SERIALIZABLE:      {Word: "serializable", Class: Unreserved, BareLabel: true},
	SERVER:            {Word: "server", Class: Unreserved, BareLabel: true},
	SESSION:           {Word: "session", Class: Unreserved, BareLabel: true},
	SESSION_USER:      {Word: "session_user", Class: Reserved, BareLabel: true},
	SET:               {Word: "set", Class: Unreserved, BareLabel: true},
	SETOF:             {Word: "setof", Class: ColumnName, BareLabel: true},
	SETS:              {Word: "sets", Class: Unreserved, BareLabel: true},
	SHARE:             {Word: "share", Class: Unreserved, BareLabel: true},
	SHOW:              {Word: "show", Class: Unreserved, BareLabel: true},
	SIMILAR:           {Word: "similar", Class: TypeFuncName, BareLabel: true},
	SIMPLE:            {Word: "simple", Class: Unreserved, BareLabel: true},
	SINK:              {Word: "sink", Class: Unreserved, BareLabel: true, Extension: true},
	SKIP:              {Word: "skip", Class: Unreserved, BareLabel: true},
	SMALLINT:          {Word: "smallint", Class: ColumnName, BareLabel: true},
	SNAPSHOT:          {Word: "snapshot", Class: Unreserved, BareLabel: true},
	SOME:              {Word: "some", Class: Reserved, BareLabel: true},
	SQL:               {Word: "sql", Class: Unreserved, BareLabel: true},
	STABLE:            {Word: "stable", Class: Unreserved, BareLabel: true},
	STANDALONE:        {Word: "standalone", Class: Unreserved, BareLabel: true},
	START:             {Word: "start", Class: Unreserved, BareLabel: true},
	STATEMENT:         {Word: "statement", Class: Unreserved, BareLabel: true},
	STATISTICS:        {Word: "statistics", Class: Unreserved, BareLabel: true},
	STDIN:             {Word: "stdin", Class: Unreserved, BareLabel: true},
	STDOUT:            {Word: "stdout", Class: Unreserved, BareLabel: true},
	STORAGE:           {Word: "storage", Class: Unreserved, BareLabel: true},
	STORED:            {Word: "stored", Class: Unreserved, BareLabel: true},
	STREAM:            {Word: "stream", Class: Unreserved, BareLabel: true, Extension: true},
	STRICT:            {Word: "strict", Class: Unreserved, BareLabel: true},
	STRIP:             {Word: "strip", Class: Unreserved, BareLabel: true},
	SUBSCRIBE:         {Word: "subscribe", Class: Unreserved, BareLabel: true, Extension: true},
	SUBSCRIPTION:      {Word: "subscription", Class: Unreserved, BareLabel: true},
	SUBSTRING:         {Word: "substring", Class: ColumnName, BareLabel: true},
	SUPPORT:           {Word: "support", Class: Unreserved, BareLabel: true},
	SYMMETRIC:         {Word: "symmetric", Class: Reserved, BareLabel: true},
	SYSID:             {Word: "sysid", Class: Unreserved, BareLabel: true},
	SYSTEM:            {Word: "system", Class: Unreserved, BareLabel: true},
	SYSTEM_TIME:       {Word: "system_time", Class: Unreserved, BareLabel: true, Extension: true},
	TABLE:             {Word: "table", Class: Reserved, BareLabel: true},
	TABLES:            {Word: "tables", Class: Unreserved, BareLabel: true},
	TABLESAMPLE:       {Word: "tablesample", Class: TypeFuncName, BareLabel: true},
	TABLESPACE:        {Word: "tablespace", Class: Unreserved, BareLabel: true},
	TEMP:              {Word: "temp", Class: Unreserved, BareLabel: true},
	TEMPLATE:          {Word: "template", Class: Unreserved, BareLabel: true},
	TEMPORARY:         {Word: "temporary", Class: Unreserved, BareLabel: true},
	TEXT:              {Word: "text", Class: Unreserved, BareLabel: true},
	THEN:              {Word: "then", Class: Reserved, BareLabel: true},
	TIES:              {Word: "ties", Class: Unreserved, BareLabel: true},
	TIME:              {Word: "time", Class: ColumnName, BareLabel: true},
	TIMESTAMP:         {Word: "timestamp", Class: ColumnName, BareLabel: true},
	TO:                {Word: "to", Class: Reserved},
	TRAILING:          {Word: "trailing", Class: Reserved, BareLabel: true},
	TRANSACTION:       {Word: "transaction", Class: Unreserved, BareLabel: true},
	TRANSFORM:         {Word: "transform", Class: Unreserved, BareLabel: true},
	TREAT:             {Word: "treat", Class: ColumnName, BareLabel: true},
	TRIGGER:           {Word: "trigger", Class: Unreserved, BareLabel: true},
	TRIM:              {Word: "trim", Class: ColumnName, BareLabel: true},
	TRUE:              {Word: "true", Class: Reserved, BareLabel: true},
	TRUNCATE:          {Word: "truncate", Class: Unreserved, BareLabel: true},
	TRUSTED:           {Word: "trusted", Class: Unreserved, BareLabel: true},
	TUMBLE:            {Word: "tumble", Class: Unreserved, BareLabel: true, Extension: true},
	TYPE:              {Word: "type", Class: Unreserved, BareLabel: true},
	TYPES:             {Word: "types", Class: Unreserved, BareLabel: true},
	UESCAPE:           {Word: "uescape", Class: Unreserved, BareLabel: true},
	UNBOUNDED:         {Word: "unbounded", Class: Unreserved, BareLabel: true},
	UNCOMMITTED:       {Word: "uncommitted", Class: Unreserved, BareLabel: true},
	UNENCRYPTED:       {Word: "unencrypted", Class: Unreserved, BareLabel: true},
	UNION:             {Word: "union", Class: Reserved},
	UNIQUE:            {Word: "unique", Class: Reserved, BareLabel: true},
	UNKNOWN:           {Word: "unknown", Class: Unreserved, BareLabel: true},
	UNLISTEN:          {Word: "unlisten", Class: Unreserved, BareLabel: true},
	UNLOGGED:          {Word: "unlogged", Class: Unreserved, BareLabel: true},
	UNTIL:             {Word: "until", Class: Unreserved, BareLabel: true},
	UPDATE:            {Word: "update", Class: Unreserved, BareLabel: true},
	USER:              {Word: "user", Class: Reserved, BareLabel: true},
	USING:             {Word: "using", Class: Reserved, BareLabel: true},
	VACUUM:            {Word: "vacuum", Class: Unreserved, BareLabel: true},
	VALID:             {Word: "valid", Class: Unreserved, BareLabel: true},
	VALIDATE:          {Word: "validate", Class: Unreserved, BareLabel: true},
	VALIDATOR:         {Word: "validator", Class: Unreserved, BareLabel: true},
	VALUE:             {Word: "value", Class: Unreserved, BareLabel: true},
	VALUES:            {Word: "values", Class: ColumnName, BareLabel: true},
	VARCHAR:           {Word: "varchar", Class: ColumnName, BareLabel: true},
	VARIADIC:          {Word: "variadic", Class: Reserved, BareLabel: true},
	VARYING:           {Word: "varying", Class: Unreserved},
	VERBOSE:           {Word: "verbose", Class: TypeFuncName, BareLabel: true},
	VERSION:           {Word: "version", Class: Unreserved, BareLabel: true},
	VIEW:              {Word: "view", Class: Unreserved, BareLabel: true},
	VIEWS:             {Word: "views", Class: Unreserved, BareLabel: true},
	VOLATILE:          {Word: "volatile", Class: Unreserved, BareLabel: true},
	WATERMARK:         {Word: "watermark", Class: Unreserved, BareLabel: true, Extension: true},
	WHEN:              {Word: "when", Class: Reserved, BareLabel: true},
	WHERE:             {Word: "where", Class: Reserved},
	WHITESPACE:        {Word: "whitespace", Class: Unreserved, BareLabel: true},
	WINDOW:            {Word: "window", Class: Reserved},
	WITH:              {Word: "with", Class: Reserved},
	WITHIN:            {Word: "within", Class: Unreserved},
	WITHOUT:           {Word: "without", Class: Unreserved},
	WORK:              {Word: "work", Class: Unreserved, BareLabel: true},
	WRAPPER:           {Word: "wrapper", Class: Unreserved, BareLabel: true},
	WRITE:             {Word: "write", Class: Unreserved, BareLabel: true},
	XML:               {Word: "xml", Class: Unreserved, BareLabel: true},
	XMLATTRIBUTES:     {Word: "xmlattributes", Class: ColumnName, BareLabel: true},
	XMLCONCAT:         {Word: "xmlconcat", Class: ColumnName, BareLabel: true},
	XMLELEMENT:        {Word: "xmlelement", Class: ColumnName, BareLabel: true},
	XMLEXISTS:         {Word: "xmlexists", Class: ColumnName, BareLabel: true},
	XMLFOREST:         {Word: "xmlforest", Class: ColumnName, BareLabel: true},
	XMLNAMESPACES:     {Word: "xmlnamespaces", Class: ColumnName, BareLabel: true},
	XMLPARSE:          {Word: "xmlparse", Class: ColumnName, BareLabel: true},
	XMLPI:             {Word: "xmlpi", Class: ColumnName, BareLabel: true},
	XMLROOT:           {Word: "xmlroot", Class: ColumnName, BareLabel: true},
	XMLSERIALIZE:      {Word: "xmlserialize", Class: ColumnName, BareLabel: true},
	XMLTABLE:          {Word: "xmltable", Class: ColumnName, BareLabel: true},
	YEAR:              {Word: "year", Class: Unreserved},
	YES:               {Word: "yes", Class: Unreserved, BareLabel: true},
	ZONE:              {Word: "zone", Class: Unreserved, BareLabel: true},
}
