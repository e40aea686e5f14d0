package types

// The abbreviations of PostgreSQL 15's default set, grouped by their offset in seconds east of Greenwich.

type offsetAbbrevs struct {
	offset int
	names  string
}

type zoneAbbrevList struct {
	zone  string
	names string
}

var standardAbbrevs = []offsetAbbrevs{
	{-36000, "hst taht"},
	{-34200, "mart"},
	{-32400, "akst gamt"},
	{-28800, "pst"},
	{-25200, "mst"},
	{-21600, "cst galt"},
	{-18000, "act cot est pet"},
	{-14400, "amt ast bot"},
	{-12600, "nft nst"},
	{-10800, "bra brt gft pmst uyt wgt"},
	{-7200, "fnt"},
	{-3600, "azot egt"},
	{0, "gmt uct ut utc wet z zulu"},
	{3600, "cet met mez wat"},
	{7200, "eet ist sast"},
	{10800, "eat fet"},
	{12600, "irt"},
	{14400, "mut ret sct"},
	{16200, "aft"},
	{18000, "mvt pkt tft tjt uzt"},
	{20700, "npt"},
	{21600, "almt bdt btt xjt"},
	{23400, "mmt"},
	{25200, "cxt ict wast"},
	{28800, "awst bnt bort cct hkt myt pht"},
	{31500, "acwst"},
	{32400, "jayt jst kst pwt"},
	{34200, "acst cast"},
	{36000, "aest chut ddut ligt mpt pgt trut yapt"},
	{37800, "lhst"},
	{39600, "pont vut"},
	{43200, "fjt gilt mht nzst nzt tvt wakt wft"},
	{45900, "chast"},
	{46800, "tot"},
}

var daylightAbbrevs = []offsetAbbrevs{
	{-28800, "akdt"},
	{-25200, "pdt"},
	{-21600, "mdt"},
	{-18000, "cdt"},
	{-14400, "edt"},
	{-10800, "adt clst pyst"},
	{-9000, "ndt"},
	{-7200, "brst pmdt uyst wgst"},
	{-3600, "fnst"},
	{0, "azost egst"},
	{3600, "bst wetdst"},
	{7200, "bdst cest cetdst mest mesz metdst"},
	{10800, "eest eetdst idt"},
	{14400, "msd"},
	{18000, "must"},
	{21600, "kgst pkst uzst yekst"},
	{25200, "almst"},
	{28800, "wadt"},
	{32400, "awsst ulast wdt"},
	{36000, "kdt"},
	{37800, "acdt acsst cadt sadt"},
	{39600, "aedt aesst"},
	{46800, "fjst nzdt"},
	{49500, "chadt"},
}

// changingAbbrevs are those whose offset changed over time: the zone's history decides.
var changingAbbrevs = []zoneAbbrevList{
	{"America/Argentina/Buenos_Aires", "arst art"},
	{"America/Asuncion", "pyt"},
	{"America/Caracas", "vet"},
	{"America/Guyana", "gyt"},
	{"America/Santiago", "clt"},
	{"Antarctica/Davis", "davt"},
	{"Antarctica/Mawson", "mawt"},
	{"Asia/Anadyr", "anast anat"},
	{"Asia/Ashgabat", "tmt"},
	{"Asia/Baku", "azst azt"},
	{"Asia/Bishkek", "kgt"},
	{"Asia/Colombo", "lkt"},
	{"Asia/Irkutsk", "irkst irkt"},
	{"Asia/Kamchatka", "petst pett"},
	{"Asia/Krasnoyarsk", "krast krat"},
	{"Asia/Magadan", "magst magt"},
	{"Asia/Novosibirsk", "novst novt"},
	{"Asia/Omsk", "omsst omst"},
	{"Asia/Singapore", "sgt"},
	{"Asia/Tbilisi", "gest get"},
	{"Asia/Ulaanbaatar", "ulat"},
	{"Asia/Vladivostok", "vlast vlat"},
	{"Asia/Yakutsk", "yakst yakt"},
	{"Asia/Yekaterinburg", "yekt"},
	{"Asia/Yerevan", "amst"},
	{"Atlantic/Stanley", "fkst fkt"},
	{"Australia/Lord_Howe", "lhdt"},
	{"Europe/Moscow", "msk"},
	{"Europe/Volgograd", "volt"},
	{"Indian/Chagos", "iot"},
	{"Pacific/Easter", "easst east"},
	{"Pacific/Fakaofo", "tkt"},
	{"Pacific/Kiritimati", "lint"},
	{"Pacific/Kosrae", "kost"},
	{"Pacific/Niue", "nut"},
	{"Pacific/Rarotonga", "ckt"},
}
