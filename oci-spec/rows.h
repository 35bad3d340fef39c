/* One expansion of all rows.  Who includes this defines the macros that he wants rows to become; the others
 * become nothing, and afterwards none is defined.  No include guard: included once an expansion. */
#ifndef BEGIN
#define BEGIN(owner)
#endif
#ifndef END
#define END(owner)
#endif
#ifndef KEY
#define KEY(owner, name)
#endif
#ifndef STRING
#define STRING(owner, name, flags)
#endif
#ifndef WORD
#define WORD(owner, name, words, flags)
#endif
#ifndef STRINGS
#define STRINGS(owner, name, flags)
#endif
#ifndef U32S
#define U32S(owner, name, flags)
#endif
#ifndef BOOL
#define BOOL(owner, name, flags)
#endif
#ifndef U16
#define U16(owner, name, flags)
#endif
#ifndef U32
#define U32(owner, name, flags)
#endif
#ifndef U64
#define U64(owner, name, flags)
#endif
#ifndef I32
#define I32(owner, name, flags)
#endif
#ifndef I64
#define I64(owner, name, flags)
#endif
#ifndef OBJECT
#define OBJECT(owner, name, type, flags)
#endif
#ifndef OBJECTS
#define OBJECTS(owner, name, type, flags)
#endif
#ifndef MAP
#define MAP(owner, name, type, flags)
#endif
#ifndef STRING_MAP
#define STRING_MAP(owner, name, flags)
#endif

#include "oci-spec/config.def"
#include "oci-spec/features.def"
#include "oci-spec/state.def"

#undef BEGIN
#undef END
#undef KEY
#undef STRING
#undef WORD
#undef STRINGS
#undef U32S
#undef BOOL
#undef U16
#undef U32
#undef U64
#undef I32
#undef I64
#undef OBJECT
#undef OBJECTS
#undef MAP
#undef STRING_MAP
