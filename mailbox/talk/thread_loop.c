/*
 * What is below what, while links come and go: link-cut trees (Sleator and
 * Tarjan), in which a path of any length is found in logarithmic time, so
 * that nobody can make us walk long chains again and again.
 *
 * Each path is a splay tree by depth, the least at its left; the topmost node
 * of it has in up the node from which the path goes on above, of another
 * splay tree.
 */
#include "talk/thread_part.h"

/* Whether a node is the topmost of its splay tree. */
static bool
is_top(const struct thread_node *nodes, uint32_t node)
{
	uint32_t up = nodes[node].up;

	return up == NODE_NONE ||
	    (nodes[up].left != node && nodes[up].right != node);
}

/* Let a node take the place of the one above it in its splay tree. */
static void
rotate(struct thread_node *nodes, uint32_t node)
{
	struct thread_node *n = &nodes[node];
	uint32_t above = n->up;
	struct thread_node *a = &nodes[above];
	uint32_t inner;

	if (!is_top(nodes, above)) {
		if (nodes[a->up].left == above)
			nodes[a->up].left = node;
		else
			nodes[a->up].right = node;
	}
	n->up = a->up;
	if (a->left == node) {
		inner = a->left = n->right;
		n->right = above;
	} else {
		inner = a->right = n->left;
		n->left = above;
	}
	if (inner != NODE_NONE)
		nodes[inner].up = above;
	a->up = node;
}

static void
splay(struct thread_node *nodes, uint32_t node)
{
	uint32_t up;

	while (!is_top(nodes, node)) {
		up = nodes[node].up;
		if (!is_top(nodes, up)) {
			if ((nodes[up].left == node) ==
			    (nodes[nodes[up].up].left == up))
				rotate(nodes, up);
			else
				rotate(nodes, node);
		}
		rotate(nodes, node);
	}
}

/* Make what is above a node one path with it, that ends there. */
static void
expose(struct thread_node *nodes, uint32_t node)
{
	uint32_t at, below = NODE_NONE;

	for (at = node; at != NODE_NONE; at = nodes[at].up) {
		splay(nodes, at);
		nodes[at].right = below;
		below = at;
	}
	splay(nodes, node);
}

bool
thread_below(struct thread *t, uint32_t node, uint32_t above)
{
	struct thread_node *nodes = t->nodes;

	if (node == above)
		return true;
	if (!nodes[above].has_child)
		return false;
	/* The path to it is one splay tree now; is the other one in it? */
	expose(nodes, node);
	splay(nodes, above);
	return !is_top(nodes, node);
}

void
thread_link(struct thread *t, uint32_t node, uint32_t parent)
{
	struct thread_node *nodes = t->nodes;

	expose(nodes, node);
	must(nodes[node].left == NODE_NONE);
	nodes[node].up = parent;
	nodes[node].parent = parent;
	nodes[parent].has_child = true;
}

void
thread_cut(struct thread *t, uint32_t node)
{
	struct thread_node *nodes = t->nodes;
	uint32_t rest;

	if (nodes[node].parent == NODE_NONE)
		return;
	expose(nodes, node);
	rest = nodes[node].left;
	nodes[node].left = NODE_NONE;
	nodes[rest].up = NODE_NONE;
	nodes[node].parent = NODE_NONE;
}
