# Print C sources as "file:line:code" without comments.
#
# -v texts=1 keeps what stands in quotes, else only the quotes are left.
# A // comment is left as it stands: it is what test/style.sh looks for.

FNR == 1 { comment = 0 }

{
	code = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		two = substr($0, i, 2)
		c = substr(two, 1, 1)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
			}
		} else if (two == "/*") {
			comment = 1
			i++
		} else if (c == "\"" || c == "'") {
			code = code c
			for (i++; i <= n; i++) {
				d = substr($0, i, 1)
				if (d == c)
					break
				if (texts)
					code = code d
				if (d == "\\") {
					i++
					if (texts)
						code = code substr($0, i, 1)
				}
			}
			code = code c
		} else
			code = code c
	}
	print FILENAME ":" FNR ":" code
}
