/* A gate before a box with an owner and an app password. */
#ifndef TEST_GATE_WORLD_H
#define TEST_GATE_WORLD_H

#include "app/gate.h"

#define GATE_WORLD_PASSWORD "a long password"

struct gate_world {
	char dir[64];
	struct loop loop;
	struct db *db;
	struct gate gate;
	struct buf app_password;
};

void gate_world_begin(struct gate_world *w);
void gate_world_end(struct gate_world *w);

/* A network of its own for each number. */
struct network gate_world_network(unsigned char number);

/* Shut the door of network 1 by its own failures, all by those of the
   world. */
void gate_world_shut(struct gate_world *w);

#endif
