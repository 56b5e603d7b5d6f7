# SPDX-License-Identifier: GPL-2.0
# $(call has_header,NAME): "yes" where the compiler finds that header. (The sign is in a
# variable because releases of make differ in how a function takes it.)
hash := \#
has_header = $(shell echo '$(hash)include <$(1)>' | \
	$(CC) -E -x c -o /dev/null - 2>/dev/null && echo yes)
