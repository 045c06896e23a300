"""A Wyoming speech server that has none of its own: it passes requests on to one elsewhere, or to a second one."""
