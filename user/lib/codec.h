/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * zstd, or nothing where the library was built without it.
 */
#ifndef PW_CODEC_H
#define PW_CODEC_H

#include <stdbool.h>
#include <stddef.h>

struct pw_codec;

/* Can this library compress at all? */
bool pw_codec_there(void);

/* One for each direction. Return: 0, -EOPNOTSUPP or -ENOMEM. */
int pw_codec_new_packer(struct pw_codec **codec);
int pw_codec_new_unpacker(struct pw_codec **codec);
void pw_codec_free(struct pw_codec *codec);

/* Return: bytes written to @to, 0 where they would be more than @room. */
size_t pw_codec_pack(struct pw_codec *codec, void *to, size_t room,
		     const void *from, size_t size);

/* Makes exactly @size bytes of one frame; false: it does not hold these. */
bool pw_codec_unpack(struct pw_codec *codec, void *to, size_t size,
		     const void *from, size_t packed);

#endif
