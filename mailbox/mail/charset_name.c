/*
 * Which charset a name in a mail means. What both C libraries know is listed
 * here rather than asked of them, so that a stranger's name never reaches
 * iconv_open() and a name means the same everywhere.
 */
#include "mail/charset_part.h"

static const struct charset_name names[] = {
	{ "ascii", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "usascii", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "ansix341968", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "ansix341986", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "iso646", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "iso646us", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "iso646irv", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "646", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "us", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "7bit", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "8bit", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "cp20127", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "cp367", CHARSET_ASCII, ORDER_ASK, NULL },
	{ "utf8", CHARSET_UTF8, ORDER_ASK, NULL },
	{ "unicode11utf8", CHARSET_UTF8, ORDER_ASK, NULL },
	{ "unicode20utf8", CHARSET_UTF8, ORDER_ASK, NULL },
	{ "utf8mb4", CHARSET_UTF8, ORDER_ASK, NULL },
	{ "cp65001", CHARSET_UTF8, ORDER_ASK, NULL },
	{ "iso88591", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "latin1", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "l1", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "isolatin1", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "cp819", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "isoir100", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "cp1252", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "iso", CHARSET_LATIN1, ORDER_ASK, NULL },
	{ "macintosh", CHARSET_MAC, ORDER_ASK, NULL },
	{ "mac", CHARSET_MAC, ORDER_ASK, NULL },
	{ "macroman", CHARSET_MAC, ORDER_ASK, NULL },
	{ "cp10000", CHARSET_MAC, ORDER_ASK, NULL },
	{ "utf7", CHARSET_UTF7, ORDER_ASK, NULL },
	{ "unicode11utf7", CHARSET_UTF7, ORDER_ASK, NULL },
	{ "unicode20utf7", CHARSET_UTF7, ORDER_ASK, NULL },
	{ "cp65000", CHARSET_UTF7, ORDER_ASK, NULL },
	{ "utf16", CHARSET_UTF16, ORDER_ASK, NULL },
	{ "ucs2", CHARSET_UTF16, ORDER_ASK, NULL },
	{ "iso10646ucs2", CHARSET_UTF16, ORDER_ASK, NULL },
	{ "unicode", CHARSET_UTF16, ORDER_ASK, NULL },
	{ "utf16be", CHARSET_UTF16, ORDER_BIG, NULL },
	{ "ucs2be", CHARSET_UTF16, ORDER_BIG, NULL },
	{ "cp1201", CHARSET_UTF16, ORDER_BIG, NULL },
	{ "utf16le", CHARSET_UTF16, ORDER_LITTLE, NULL },
	{ "ucs2le", CHARSET_UTF16, ORDER_LITTLE, NULL },
	{ "cp1200", CHARSET_UTF16, ORDER_LITTLE, NULL },
	{ "utf32", CHARSET_UTF32, ORDER_ASK, NULL },
	{ "ucs4", CHARSET_UTF32, ORDER_ASK, NULL },
	{ "iso10646ucs4", CHARSET_UTF32, ORDER_ASK, NULL },
	{ "utf32be", CHARSET_UTF32, ORDER_BIG, NULL },
	{ "ucs4be", CHARSET_UTF32, ORDER_BIG, NULL },
	{ "utf32le", CHARSET_UTF32, ORDER_LITTLE, NULL },
	{ "ucs4le", CHARSET_UTF32, ORDER_LITTLE, NULL },
	{ "iso88592", CHARSET_ICONV, ORDER_ASK, "ISO-8859-2" },
	{ "iso88593", CHARSET_ICONV, ORDER_ASK, "ISO-8859-3" },
	{ "iso88594", CHARSET_ICONV, ORDER_ASK, "ISO-8859-4" },
	{ "iso88595", CHARSET_ICONV, ORDER_ASK, "ISO-8859-5" },
	{ "iso88596", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "iso88597", CHARSET_ICONV, ORDER_ASK, "ISO-8859-7" },
	{ "iso88598", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "iso88599", CHARSET_ICONV, ORDER_ASK, "ISO-8859-9" },
	{ "iso885910", CHARSET_ICONV, ORDER_ASK, "ISO-8859-10" },
	{ "iso885911", CHARSET_ICONV, ORDER_ASK, "TIS-620" },
	{ "iso885913", CHARSET_ICONV, ORDER_ASK, "ISO-8859-13" },
	{ "iso885914", CHARSET_ICONV, ORDER_ASK, "ISO-8859-14" },
	{ "iso885915", CHARSET_ICONV, ORDER_ASK, "ISO-8859-15" },
	{ "iso885916", CHARSET_ICONV, ORDER_ASK, "ISO-8859-16" },
	{ "iso88596i", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "iso88596e", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "arabic", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "asmo708", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "ecma114", CHARSET_ICONV, ORDER_ASK, "ISO-8859-6" },
	{ "iso88598i", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "iso88598e", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "hebrew", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "logical", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "visual", CHARSET_ICONV, ORDER_ASK, "ISO-8859-8" },
	{ "cyrillic", CHARSET_ICONV, ORDER_ASK, "ISO-8859-5" },
	{ "greek", CHARSET_ICONV, ORDER_ASK, "ISO-8859-7" },
	{ "greek8", CHARSET_ICONV, ORDER_ASK, "ISO-8859-7" },
	{ "ecma118", CHARSET_ICONV, ORDER_ASK, "ISO-8859-7" },
	{ "elot928", CHARSET_ICONV, ORDER_ASK, "ISO-8859-7" },
	{ "latin2", CHARSET_ICONV, ORDER_ASK, "ISO-8859-2" },
	{ "isolatin2", CHARSET_ICONV, ORDER_ASK, "ISO-8859-2" },
	{ "l2", CHARSET_ICONV, ORDER_ASK, "ISO-8859-2" },
	{ "latin3", CHARSET_ICONV, ORDER_ASK, "ISO-8859-3" },
	{ "isolatin3", CHARSET_ICONV, ORDER_ASK, "ISO-8859-3" },
	{ "l3", CHARSET_ICONV, ORDER_ASK, "ISO-8859-3" },
	{ "latin4", CHARSET_ICONV, ORDER_ASK, "ISO-8859-4" },
	{ "isolatin4", CHARSET_ICONV, ORDER_ASK, "ISO-8859-4" },
	{ "l4", CHARSET_ICONV, ORDER_ASK, "ISO-8859-4" },
	{ "latin5", CHARSET_ICONV, ORDER_ASK, "ISO-8859-9" },
	{ "isolatin5", CHARSET_ICONV, ORDER_ASK, "ISO-8859-9" },
	{ "l5", CHARSET_ICONV, ORDER_ASK, "ISO-8859-9" },
	{ "latin6", CHARSET_ICONV, ORDER_ASK, "ISO-8859-10" },
	{ "isolatin6", CHARSET_ICONV, ORDER_ASK, "ISO-8859-10" },
	{ "l6", CHARSET_ICONV, ORDER_ASK, "ISO-8859-10" },
	{ "latin7", CHARSET_ICONV, ORDER_ASK, "ISO-8859-13" },
	{ "isolatin7", CHARSET_ICONV, ORDER_ASK, "ISO-8859-13" },
	{ "l7", CHARSET_ICONV, ORDER_ASK, "ISO-8859-13" },
	{ "latin8", CHARSET_ICONV, ORDER_ASK, "ISO-8859-14" },
	{ "isolatin8", CHARSET_ICONV, ORDER_ASK, "ISO-8859-14" },
	{ "l8", CHARSET_ICONV, ORDER_ASK, "ISO-8859-14" },
	{ "latin9", CHARSET_ICONV, ORDER_ASK, "ISO-8859-15" },
	{ "isolatin9", CHARSET_ICONV, ORDER_ASK, "ISO-8859-15" },
	{ "l9", CHARSET_ICONV, ORDER_ASK, "ISO-8859-15" },
	{ "latin10", CHARSET_ICONV, ORDER_ASK, "ISO-8859-16" },
	{ "isolatin10", CHARSET_ICONV, ORDER_ASK, "ISO-8859-16" },
	{ "l10", CHARSET_ICONV, ORDER_ASK, "ISO-8859-16" },
	{ "cp1250", CHARSET_ICONV, ORDER_ASK, "CP1250" },
	{ "cp1251", CHARSET_ICONV, ORDER_ASK, "CP1251" },
	{ "cp1253", CHARSET_ICONV, ORDER_ASK, "CP1253" },
	{ "cp1254", CHARSET_ICONV, ORDER_ASK, "CP1254" },
	{ "cp1255", CHARSET_ICONV, ORDER_ASK, "CP1255" },
	{ "cp1256", CHARSET_ICONV, ORDER_ASK, "CP1256" },
	{ "cp1257", CHARSET_ICONV, ORDER_ASK, "CP1257" },
	{ "cp1258", CHARSET_ICONV, ORDER_ASK, "CP1258" },
	{ "cp437", CHARSET_ICONV, ORDER_ASK, "CP437" },
	{ "cp850", CHARSET_ICONV, ORDER_ASK, "CP850" },
	{ "cp866", CHARSET_ICONV, ORDER_ASK, "CP866" },
	{ "koi8r", CHARSET_ICONV, ORDER_ASK, "KOI8-R" },
	{ "koi8", CHARSET_ICONV, ORDER_ASK, "KOI8-R" },
	{ "koi8u", CHARSET_ICONV, ORDER_ASK, "KOI8-U" },
	{ "koi8ru", CHARSET_ICONV, ORDER_ASK, "KOI8-U" },
	{ "tis620", CHARSET_ICONV, ORDER_ASK, "TIS-620" },
	{ "cp874", CHARSET_ICONV, ORDER_ASK, "TIS-620" },
	{ "gb18030", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "gbk", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "gb2312", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "gb231280", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "cngb", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "euccn", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "chinese", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "iso58gb231280", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "isoir58", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "cp936", CHARSET_ICONV, ORDER_ASK, "GB18030" },
	{ "big5", CHARSET_ICONV, ORDER_ASK, "BIG5-HKSCS" },
	{ "big5hkscs", CHARSET_ICONV, ORDER_ASK, "BIG5-HKSCS" },
	{ "big5eten", CHARSET_ICONV, ORDER_ASK, "BIG5-HKSCS" },
	{ "cnbig5", CHARSET_ICONV, ORDER_ASK, "BIG5-HKSCS" },
	{ "cp950", CHARSET_ICONV, ORDER_ASK, "BIG5-HKSCS" },
	{ "eucjp", CHARSET_ICONV, ORDER_ASK, "EUC-JP" },
	{ "ujis", CHARSET_ICONV, ORDER_ASK, "EUC-JP" },
	{ "eucpkdfmtjapanese", CHARSET_ICONV, ORDER_ASK, "EUC-JP" },
	{ "cp51932", CHARSET_ICONV, ORDER_ASK, "EUC-JP" },
	{ "shiftjis", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "sjis", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "mskanji", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "windows31j", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "cp932", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "cp943", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "cp943c", CHARSET_SJIS, ORDER_ASK, "CP932" },
	{ "iso2022jp", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "iso2022jp1", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "iso2022jp2", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "iso2022jp3", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "iso2022jpms", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "cp50220", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "cp50221", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "cp50222", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "jis", CHARSET_ICONV, ORDER_ASK, "ISO-2022-JP" },
	{ "euckr", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "ksc56011987", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "ksc56011989", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "ksc5601", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "ksx1001", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "korean", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "isoir149", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "uhc", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "cp949", CHARSET_ICONV, ORDER_ASK, "CP949" },
	{ "iso2022kr", CHARSET_KOREAN, ORDER_ASK, "CP949" },
	{ "hzgb2312", CHARSET_HZ, ORDER_ASK, "GB18030" },
	{ "hz", CHARSET_HZ, ORDER_ASK, "GB18030" },
};

static const struct charset_name *
find_key(struct str key)
{
	size_t i;

	for (i = 0; i < countof(names); i++)
		if (str_equal(key, str_of(names[i].key)))
			return &names[i];
	return NULL;
}

/* A code page by its number: windows-1251, cp-850, ibm866, x-cp1250. */
static const struct charset_name *
find_page(struct str key)
{
	static const char *const prefixes[] = {
		"windows", "win", "cp", "ibm", "dos", "oem", "ms", "ansi"
	};
	struct buf page;
	const struct charset_name *found;
	struct str rest;
	size_t i;

	for (i = 0; i < countof(prefixes); i++) {
		rest = key;
		if (str_skip_word(&rest, str_of(prefixes[i])) &&
		    char_is_digit(str_at(rest, 0)))
			break;
	}
	if (i == countof(prefixes))
		return NULL;
	buf_init(&page, CHARSET_NAME_MAX + 2);
	buf_add_text(&page, "cp");
	buf_add(&page, rest);
	found = find_key(buf_str(&page));
	buf_drop(&page);
	return found;
}

const struct charset_name *
charset_find(struct str name)
{
	char squeezed[CHARSET_NAME_MAX];
	const struct charset_name *found;
	struct str key;
	size_t i, len;

	/* iso-8859-1:1987 */
	name = str_part(name, 0, str_find(name, 0, ':'));
	if (name.len > sizeof squeezed)
		return NULL;
	if (str_trim(name).len == 0)
		return find_key(STR("ascii"));
	len = 0;
	for (i = 0; i < name.len; i++)
		if (char_is_alnum(str_at(name, i)))
			squeezed[len++] = (char)char_lower(str_at(name, i));
	key = str_from(squeezed, len);
	found = find_key(key);
	if (found == NULL)
		found = find_page(key);
	if (found == NULL && (str_skip(&key, 'x') ||
	    str_skip_word(&key, STR("cs")))) {
		found = find_key(key);
		if (found == NULL)
			found = find_page(key);
	}
	return found;
}

/* The own signs of ISO-8859-1, 0x80 to 0x9F, are control characters. */
uint32_t
charset_latin1(int octet)
{
	static const uint16_t points[32] = {
		0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
		0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
		0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
		0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178
	};

	return octet < 0xA0 ? points[octet - 0x80] : (uint32_t)octet;
}

uint32_t
charset_mac(int octet)
{
	static const uint16_t points[128] = {
		0x00C4, 0x00C5, 0x00C7, 0x00C9, 0x00D1, 0x00D6, 0x00DC, 0x00E1,
		0x00E0, 0x00E2, 0x00E4, 0x00E3, 0x00E5, 0x00E7, 0x00E9, 0x00E8,
		0x00EA, 0x00EB, 0x00ED, 0x00EC, 0x00EE, 0x00EF, 0x00F1, 0x00F3,
		0x00F2, 0x00F4, 0x00F6, 0x00F5, 0x00FA, 0x00F9, 0x00FB, 0x00FC,
		0x2020, 0x00B0, 0x00A2, 0x00A3, 0x00A7, 0x2022, 0x00B6, 0x00DF,
		0x00AE, 0x00A9, 0x2122, 0x00B4, 0x00A8, 0x2260, 0x00C6, 0x00D8,
		0x221E, 0x00B1, 0x2264, 0x2265, 0x00A5, 0x00B5, 0x2202, 0x2211,
		0x220F, 0x03C0, 0x222B, 0x00AA, 0x00BA, 0x03A9, 0x00E6, 0x00F8,
		0x00BF, 0x00A1, 0x00AC, 0x221A, 0x0192, 0x2248, 0x2206, 0x00AB,
		0x00BB, 0x2026, 0x00A0, 0x00C0, 0x00C3, 0x00D5, 0x0152, 0x0153,
		0x2013, 0x2014, 0x201C, 0x201D, 0x2018, 0x2019, 0x00F7, 0x25CA,
		0x00FF, 0x0178, 0x2044, 0x20AC, 0x2039, 0x203A, 0xFB01, 0xFB02,
		0x2021, 0x00B7, 0x201A, 0x201E, 0x2030, 0x00C2, 0x00CA, 0x00C1,
		0x00CB, 0x00C8, 0x00CD, 0x00CE, 0x00CF, 0x00CC, 0x00D3, 0x00D4,
		0xF8FF, 0x00D2, 0x00DA, 0x00DB, 0x00D9, 0x0131, 0x02C6, 0x02DC,
		0x00AF, 0x02D8, 0x02D9, 0x02DA, 0x00B8, 0x02DD, 0x02DB, 0x02C7
	};

	return points[octet - 0x80];
}
