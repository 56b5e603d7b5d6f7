# SPDX-License-Identifier: GPL-2.0
# The tool gives up its capabilities where the compiler finds libcap-ng's header
# (Debian: libcap-ng-dev), and its system calls where it finds libseccomp's
# (libseccomp-dev). "portwatch --version" says which were found.
include $(dir $(lastword $(MAKEFILE_LIST)))header.mk
CAPNG ?= $(call has_header,cap-ng.h)
SECCOMP ?= $(call has_header,seccomp.h)
CONFINE_CPPFLAGS := $(if $(CAPNG),-DPORTWATCH_CAPNG) \
	$(if $(SECCOMP),-DPORTWATCH_SECCOMP)
CONFINE_LIBS := $(if $(CAPNG),-lcap-ng) $(if $(SECCOMP),-lseccomp)
