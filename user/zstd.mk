# SPDX-License-Identifier: GPL-2.0
# Recordings are compressed where the compiler finds libzstd's header (Debian:
# libzstd-dev). Whatever links libportwatch.a links $(ZSTD_LIBS), too.
include $(dir $(lastword $(MAKEFILE_LIST)))header.mk
ZSTD ?= $(call has_header,zstd.h)
ZSTD_CPPFLAGS := $(if $(ZSTD),-DPORTWATCH_ZSTD)
ZSTD_LIBS := $(if $(ZSTD),-lzstd)
