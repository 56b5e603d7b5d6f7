/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "codec.h"

#ifdef PORTWATCH_ZSTD

#include <zstd.h>

/* zstd's own default: more costs much and, of such records, saves little. */
#define LEVEL	3

struct pw_codec {
	ZSTD_CCtx *packer;
	ZSTD_DCtx *unpacker;
};

bool pw_codec_there(void)
{
	return true;
}

static int finish(struct pw_codec **result, struct pw_codec *codec)
{
	if (!codec->packer && !codec->unpacker) {
		free(codec);
		return -ENOMEM;
	}
	*result = codec;
	return 0;
}

int pw_codec_new_packer(struct pw_codec **result)
{
	struct pw_codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return -ENOMEM;
	codec->packer = ZSTD_createCCtx();
	return finish(result, codec);
}

int pw_codec_new_unpacker(struct pw_codec **result)
{
	struct pw_codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return -ENOMEM;
	codec->unpacker = ZSTD_createDCtx();
	return finish(result, codec);
}

void pw_codec_free(struct pw_codec *codec)
{
	if (!codec)
		return;
	ZSTD_freeCCtx(codec->packer);
	ZSTD_freeDCtx(codec->unpacker);
	free(codec);
}

size_t pw_codec_pack(struct pw_codec *codec, void *to, size_t room,
		     const void *from, size_t size)
{
	size_t packed = ZSTD_compressCCtx(codec->packer, to, room, from, size,
					  LEVEL);

	return ZSTD_isError(packed) ? 0 : packed;
}

bool pw_codec_unpack(struct pw_codec *codec, void *to, size_t size,
		     const void *from, size_t packed)
{
	return ZSTD_decompressDCtx(codec->unpacker, to, size, from,
				   packed) == size;
}

#else

bool pw_codec_there(void)
{
	return false;
}

int pw_codec_new_packer(struct pw_codec **codec)
{
	*codec = NULL;
	return -EOPNOTSUPP;
}

int pw_codec_new_unpacker(struct pw_codec **codec)
{
	*codec = NULL;
	return -EOPNOTSUPP;
}

void pw_codec_free(struct pw_codec *codec)
{
	free(codec);
}

size_t pw_codec_pack(struct pw_codec *codec, void *to, size_t room,
		     const void *from, size_t size)
{
	(void)codec;
	(void)to;
	(void)room;
	(void)from;
	(void)size;
	return 0;
}

bool pw_codec_unpack(struct pw_codec *codec, void *to, size_t size,
		     const void *from, size_t packed)
{
	(void)codec;
	(void)to;
	(void)size;
	(void)from;
	(void)packed;
	return false;
}

#endif
