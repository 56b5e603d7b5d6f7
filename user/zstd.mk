# SPDX-License-Identifier: GPL-2.0
# Recordings are compressed where the compiler finds libzstd's header (Debian:
# libzstd-dev). Whatever links libportwatch.a links $(ZSTD_LIBS), too.
ZSTD ?= $(shell echo '\#include <zstd.h>' | \
	$(CC) -E -x c -o /dev/null - 2>/dev/null && echo yes)
ZSTD_CPPFLAGS := $(if $(ZSTD),-DPORTWATCH_ZSTD)
ZSTD_LIBS := $(if $(ZSTD),-lzstd)
