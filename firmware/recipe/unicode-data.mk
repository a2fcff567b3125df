# How letters fold: tables for mailbox/mail/fold.c, made of UnicodeData.txt by a
# program of ours that runs here. Nothing else of the tarball is looked at.

SRC = fold_table.c
PREPARE = fold_table.c
FOLDER = $(abspath $(HERE)..)
FLAGS = -I. -Wall -Wextra -Werror
HEADER_ROOT = .
HEADERS = mail/fold_table.h

fold_table.c:
	mkdir -p mail
	cp $(FOLDER)/../mailbox/mail/fold_table.h mail
	gcc -std=c11 -O1 $(FLAGS) -o fold $(FOLDER)/unicode-data_fold.c
	unzip -p UCD.zip UnicodeData.txt | ./fold >$@
