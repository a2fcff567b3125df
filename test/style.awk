# Judge the shape of functions in the output of strip.awk ("file:line:code").
#
# Prints "RULE file:line: text" for what docs/style.md refuses, and with
# -v list=1 instead "file name static|public" for every function defined.

function complain(rule, line, text) {
	if (!list)
		print rule " " file ":" line ": " text
}

# Count the parameters of the collected head of a function.
function parameters(head,    i, c, depth, count, any) {
	count = 1
	for (i = index(head, "("); i <= length(head); i++) {
		c = substr(head, i, 1)
		if (c == "(")
			depth++
		else if (c == ")")
			depth--
		else if (c == "," && depth == 1)
			count++
	}
	return count
}

{
	split($0, part, ":")
	if (part[1] != file) {
		file = part[1]
		inside = 0
		name = head = before = ""
	}
	line = part[2]
	code = substr($0, length(file) + length(line) + 3)
}

inside {
	opens = gsub(/\{/, "{", code)
	closes = gsub(/\}/, "}", code)
	depth += opens - closes
	# Braces of an initialiser or a struct are no nesting: they close at
	# once or end in "};".
	if (depth > 4 && code !~ /=[^=]*\{/ && opens > closes && !deep) {
		complain("nesting", line, name "() nests deeper than 3")
		deep = 1
	}
	if (code ~ /^}/) {
		if (line - start + 1 > 70)
			complain("length", start, name "() has " \
			    line - start + 1 " lines, more than 70")
		inside = 0
		name = head = before = ""
	}
	next
}

code ~ /^[A-Za-z_][A-Za-z0-9_]*\(/ && code !~ /;[ \t]*$/ {
	name = code
	sub(/\(.*/, "", name)
	start = line
	head = ""
	kind = before ~ /(^|[ \t])static([ \t]|$)/ ? "static" : "public"
}

{
	head = head code
	if (code ~ /[;}][ \t]*$/ || code ~ /^[ \t]*$/ || code ~ /^#/) {
		name = head = ""
	}
}

code ~ /^\{/ {
	if (name == "") {
		if (head ~ /\(/)
			complain("column", line, \
			    "the function's name is not at column 0")
	} else {
		if (list)
			print file, name, kind
		if (parameters(head) > 5)
			complain("parameters", start, name "() has " \
			    parameters(head) " parameters, more than 5")
	}
	inside = 1
	depth = 1
	deep = 0
	if (name == "")
		start = line
	next
}

{ before = code }
