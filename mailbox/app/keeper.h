/* What the parts of the keeper that stand alone ask of it. */
#ifndef APP_KEEPER_H
#define APP_KEEPER_H

#include "talk/smtp.h"

/* What a failure of the store means to a sender: negative errno, not 0. */
enum smtp_verdict keeper_verdict(int err);

#endif
